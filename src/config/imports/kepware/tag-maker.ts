import type { ImportedTag, Notes, Settings } from '../imported.ts'
import { KeyBook } from '../key-book.ts'
import { isReason, type KepwareTag, type Reason } from './kepware-tag.ts'
import { type ModbusReading, type ModbusTag, modbusTag } from './modbus-tag.ts'
import { s7Tag } from './s7-tag.ts'
import type { ScanRates } from './scan-rates.ts'

const LONGEST_NAME = 200
const LONGEST_DESCRIPTION = 1_000
const LONGEST_UNIT = 32

/** Makes the tags of one device. */
export class TagMaker {
  readonly #keys = new KeyBook()
  readonly #notes: Notes
  readonly #modbus: ModbusReading | undefined
  /** What the longest tags need of one request. */
  longest = { registers: 0, bits: 0 }

  /** `modbus`: how the device is read; undefined: it is an S7 CPU. */
  constructor(parts: { readonly notes: Notes; readonly modbus: ModbusReading | undefined }) {
    this.#notes = parts.notes
    this.#modbus = parts.modbus
  }

  /** Undefined: it is left out, and the notes say why. */
  make(tag: KepwareTag, rates: Pick<ScanRates, 'pollOf'>): ImportedTag | undefined {
    const made = this.#valueOf(tag)
    if (isReason(made)) {
      this.#notes.add('leftOut', tag, made.reason)
      return undefined
    }
    for (const changed of made.changed) this.#notes.add('changed', tag, changed)
    if (tag.canWrite && !made.canWrite) this.#notes.add('changed', tag, 'It is only read: its place cannot be written.')
    const key = this.#keys.take(tag.name, 'tag')
    const { type, address, ...how } = made.settings
    const unit = tag.unit === undefined ? undefined : this.#shortened(tag, tag.unit, LONGEST_UNIT)
    const poll = rates.pollOf(tag.scanRate)
    const { write, ...rest } = how
    const settings: Settings = {
      key,
      ...(tag.name === key ? {} : { name: this.#shortened(tag, tag.name, LONGEST_NAME) }),
      ...(tag.description === undefined
        ? {}
        : { description: this.#shortened(tag, tag.description, LONGEST_DESCRIPTION) }),
      type,
      address,
      ...(unit === undefined ? {} : { unit }),
      ...rest,
      ...(poll === undefined ? {} : { poll }),
      ...(made.canWrite ? { access: 'readWrite', ...(write === undefined ? {} : { write }) } : {}),
    }
    return { path: tag.path, ...(tag.line === undefined ? {} : { line: tag.line }), settings }
  }

  #valueOf(tag: KepwareTag): { settings: Settings; changed: readonly string[]; canWrite: boolean } | Reason {
    if (!this.#modbus) return s7Tag(tag)
    const made = modbusTag(tag, this.#modbus)
    if (isReason(made)) return made
    this.#measure(made)
    const canWrite = tag.canWrite && /^[04]/.test(String(made.settings.address))
    return { ...made, canWrite }
  }

  #measure({ size }: ModbusTag): void {
    const { registers, bits } = this.longest
    if ('registers' in size) this.longest = { registers: Math.max(registers, size.registers), bits }
    else this.longest = { registers, bits: Math.max(bits, size.bits) }
  }

  #shortened(tag: KepwareTag, text: string, most: number): string {
    if (text.length <= most) return text
    this.#notes.add('changed', tag, `Its name, description or unit is longer than ${most} characters, and shortened.`)
    return text.slice(0, most)
  }
}
