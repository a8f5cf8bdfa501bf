import { sourceTypes } from '../../src/engine/source-types.ts'
import { scriptedSource } from './scripted-outlet.ts'

/** The engine's own room, but Modbus and S7 sources take their commands to a scripted plant. */
Object.assign(sourceTypes, { modbus: scriptedSource(false), s7: scriptedSource(true) })
await import('../../src/engine/room.ts')
