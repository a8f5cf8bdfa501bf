import type { EngineHealth, OpcuaHealth } from '../link/contract.ts'
import type { RoomName, Rooms } from './gateway.ts'
import type { RoomHealth } from './room.ts'

/** The rooms, each with what it says of itself; null of one that does not answer. */
export interface RoomsHealth {
  /** Both rooms run: values are collected and served. */
  readonly ready: boolean
  readonly rooms: Readonly<Record<RoomName, RoomHealth>>
  readonly engine: EngineHealth | null
  readonly opcua: OpcuaHealth | null
}

export async function healthOf(rooms: Rooms): Promise<RoomsHealth> {
  const states = rooms.states()
  const [engine, opcua] = await Promise.all([rooms.engineHealth(), rooms.opcuaHealth()])
  return { ready: states.engine.state === 'running' && states.opcua.state === 'running', rooms: states, engine, opcua }
}
