export { Backoff, type BackoffLimits } from '../core/backoff.ts'
