import { calculatedSource } from '../sources/calculated/source-type.ts'
import { chirpStackSource } from '../sources/chirpstack/source-type.ts'
import { modbusSource } from '../sources/modbus/source-type.ts'
import { s7Source } from '../sources/s7/source-type.ts'
import type { SourceTypes } from '../sources/supervisor.ts'

/** Every protocol that the gateway speaks, and what it calculates. */
export const sourceTypes: SourceTypes = {
  chirpstack: chirpStackSource,
  modbus: modbusSource,
  s7: s7Source,
  calculated: calculatedSource,
}
