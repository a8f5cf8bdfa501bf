import type { EngineHealth, OpcuaHealth } from '../link/contract.ts'

/** The whole gateway as main knows it; a room that does not answer has no health of its own, only a state. */
export interface GatewayHealth {
  /** Both rooms run: values are collected and served. */
  readonly ready: boolean
  readonly version: string
  readonly startedAt: number
  /** null: none are scheduled. */
  readonly backup: { readonly lastAt: number | null; readonly reason: string } | null
  readonly rooms: Readonly<Record<'engine' | 'opcua', { state: string; restarts: number; lastRestart: string }>>
  readonly engine: EngineHealth | null
  readonly opcua: OpcuaHealth | null
}
