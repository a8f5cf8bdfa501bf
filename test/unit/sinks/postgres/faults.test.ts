import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import { faultOf } from '../../../../src/sinks/postgres/faults.ts'
import { sinkSettings } from '../../../support/sink-settings.ts'

const failed = (message: string, code?: string) => Object.assign(new Error(message), code === undefined ? {} : { code })
const of = (error: unknown) => faultOf(error, sinkSettings(5_432))

describe('a failure of PostgreSQL', () => {
  it.each([
    [failed('connect ECONNREFUSED', 'ECONNREFUSED'), 'backoff', 'cannot be reached'],
    [failed('write EPIPE', 'EPIPE'), 'backoff', 'EPIPE'],
    [new AggregateError([], ''), 'backoff', 'no reason was given'],
    [new PenstockError('TIMEOUT', 'PostgreSQL has not finished COPY'), 'backoff', 'COPY'],
    [failed('the database system is starting up', '57P03'), 'backoff', 'starting'],
    [failed('sorry, too many clients already', '53300'), 'backoff', 'max_connections'],
    [new PenstockError('HISTORY_UNAVAILABLE', 'What waits cannot be read'), 'backoff', 'What waits cannot be read'],
    [failed('duplicate key value', '23505'), 'backoff', 'looks again'],
    [failed('could not extend file', '53100'), 'refused', 'make room'],
    [failed('password authentication failed', '28P01'), 'refused', 'PENSTOCK_POSTGRES_PASSWORD'],
    [failed('database "plant" does not exist', '3D000'), 'refused', 'sinks.postgres.database'],
    [failed('permission denied for schema', '42501'), 'refused', 'CREATE SCHEMA'],
    [failed('column "status" does not exist', '42703'), 'refused', 'undo what was changed'],
    [failed('violates check constraint', '23514'), 'refused', 'remove it'],
    [failed('cannot execute in a read-only transaction', '25006'), 'refused', 'name the primary'],
    [failed('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'refused', 'sinks.postgres.tls'],
    [failed('The server does not support SSL connections'), 'refused', 'sinks.postgres.tls'],
    [new PenstockError('SCHEMA_TOO_NEW', 'The tables are of version 9'), 'refused', 'version 9'],
  ])('%s is %s, in words that help', (error, state, words) => {
    const fault = of(error)
    expect(fault.state).toBe(state)
    expect(fault.reason).toContain(words)
  })
})
