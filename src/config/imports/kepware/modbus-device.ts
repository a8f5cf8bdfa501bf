import type { Notes, Settings } from '../imported.ts'
import type { Reason } from './kepware-tag.ts'
import type { ModbusReading } from './modbus-tag.ts'
import type { Properties } from './properties.ts'

/** Where a Modbus device is: the settings of its source, and its unit. */
export interface ModbusEndpoint {
  readonly source: Settings
  readonly unitId: number
}

const DRIVER_TCP = 'Modbus TCP/IP Ethernet'
const DRIVER_RTU = 'Modbus RTU Serial'
const DRIVER_ASCII = 'Modbus ASCII Serial'
export const isModbusDriver = (driver: string): boolean => [DRIVER_TCP, DRIVER_RTU, DRIVER_ASCII].includes(driver)

const ETHERNET_ENCAPSULATION = 3
const parities: Readonly<Record<number, string>> = { 69: 'even', 78: 'none', 79: 'odd' }
const MODEL_MODBUS = 0

/** Of a device of a driver for Modbus; the notes say what of it is another here. */
export function modbusEndpoint(
  { driver, channel, device }: { readonly driver: string; readonly channel: Properties; readonly device: Properties },
  at: { readonly path: string },
  notes: Notes,
): ModbusEndpoint | Reason {
  const id = device.text('DEVICE_ID_STRING') ?? String(device.number('DEVICE_ID_DECIMAL') ?? '')
  if (driver === DRIVER_TCP) {
    if ((device.number('DEVICE_MODEL') ?? MODEL_MODBUS) !== MODEL_MODBUS)
      return {
        reason: `Its model, number ${device.number('DEVICE_MODEL')}, is not the plain Modbus, and not read here.`,
      }
    const [, bracketed, plain, unit = ''] = /^(?:<([^<>]+)>|(\d{1,3}(?:\.\d{1,3}){3}))(?:\.(\d{1,5}))?$/.exec(id) ?? []
    const host = (bracketed ?? plain)?.trim()
    if (host === undefined)
      return { reason: `Its ID is no address with a unit, such as <192.168.1.20>.1: "${id.slice(0, 60)}".` }
    const isUdp = device.number('DEVICE_ETHERNET_IP_PROTOCOL') === 0
    const source = {
      ...(isUdp ? { transport: 'udp' } : {}),
      host,
      ...portOf(device.number('DEVICE_ETHERNET_PORT_NUMBER'), 502),
    }
    return { source, unitId: unitOf(unit === '' ? 0 : Number(unit), at, notes) }
  }
  const transport = driver === DRIVER_RTU ? 'rtu' : 'ascii'
  const unit = /^\d{1,3}$/.exec(id)
  if (!unit) return { reason: `Its ID is no unit of Modbus, a number from 1 to 247: "${id.slice(0, 60)}".` }
  const unitId = Number(id)
  if (unitId < 1 || unitId > 247)
    return { reason: `Its ID, ${id}, is no unit that answers on a serial line: 1 to 247.` }
  const medium = channel.number('CHANNEL_SERIAL_COMMUNICATIONS_PHYSICAL_MEDIUM') ?? 1
  if (medium === ETHERNET_ENCAPSULATION) {
    const host = device.text('DEVICE_ETHERNET_COMMUNICATIONS_IP')
    if (host === undefined) return { reason: 'Its line is behind Ethernet, and no address of that is there.' }
    const port = device.number('DEVICE_ETHERNET_COMMUNICATIONS_PORT') ?? 2101
    return { source: { transport: `${transport}-over-tcp`, host, port }, unitId }
  }
  const com = channel.number('CHANNEL_SERIAL_COMMUNICATIONS_COM_ID')
  if (medium !== 1 || com === undefined)
    return { reason: 'Its channel is on no COM port and not behind Ethernet: modems are not used here.' }
  const parity = parities[channel.number('CHANNEL_SERIAL_COMMUNICATIONS_PARITY') ?? 0]
  const dataBits = channel.number('CHANNEL_SERIAL_COMMUNICATIONS_DATA_BITS')
  const stopBits = channel.number('CHANNEL_SERIAL_COMMUNICATIONS_STOP_BITS')
  const baudRate = channel.number('CHANNEL_SERIAL_COMMUNICATIONS_BAUD_RATE')
  const serial = {
    path: `COM${com}`,
    ...(baudRate === undefined ? {} : { baudRate }),
    ...(parity === undefined ? {} : { parity }),
    ...(dataBits === undefined ? {} : { dataBits }),
    ...(stopBits === undefined ? {} : { stopBits }),
  }
  return { source: { transport, serial }, unitId }
}

/** A port only where it is another than the usual one. */
export const portOf = (port: number | undefined, usual: number): Settings =>
  port === undefined || port === usual ? {} : { port }

/** Unit 0 is the broadcast, which no device answers; in Modbus TCP 255 is what devices without a unit are called. */
function unitOf(unit: number, at: { readonly path: string }, notes: Notes): number {
  if (unit >= 1 && unit <= 247) return unit
  if (unit === 255) return unit
  notes.add('changed', at, `Its unit is ${unit}, which is none that answers; it is asked as 255, the device itself.`)
  return 255
}

/** How it is read, as far as its tags depend on it: as KEPServerEX does it unless it is said otherwise. */
export function readingOf(device: Properties): ModbusReading {
  const flag = (name: string, otherwise: boolean) => device.flag(name) ?? otherwise
  return {
    zeroBased: flag('DEVICE_ZERO_BASED_ADDRESSING', true),
    zeroBasedBits: flag('DEVICE_ZERO_BASED_BIT_ADDRESSING', true),
    bytesBig: flag('DEVICE_MODBUS_BYTE_ORDER', true),
    has64Bit: flag('DEVICE_FIRST_WORD_LOW', true) === flag('DEVICE_FIRST_DWORD_LOW', true),
    longsAreDecimal: flag('DEVICE_TREAT_LONGS_AS_DOUBLE_PRECISION_UNSIGNED_DECIMAL', false),
    singleCoils: flag('DEVICE_MODBUS_FUNCTION_05', true),
    singleRegisters: flag('DEVICE_MODBUS_FUNCTION_06', true),
    maskWrites: flag('DEVICE_HOLDING_REGISTER_BIT_MASK_WRITES', false),
  }
}

/** Orders and the longest requests of a device. `longest`: what its longest tags need. */
export function modbusSettings(
  device: Properties,
  longest: { readonly registers: number; readonly bits: number },
): Settings {
  const most = (names: readonly string[], limit: number, needed: number) => {
    const blocks = names.flatMap((name) => device.number(name) ?? []).filter((each) => each >= 1)
    return blocks.length === 0 ? undefined : Math.min(limit, Math.max(needed, ...[Math.min(...blocks)]))
  }
  const maxRegisters = most(['DEVICE_HOLDING_REGISTERS', 'DEVICE_INTERNAL_REGISTERS'], 125, longest.registers)
  const maxCoils = most(['DEVICE_OUTPUT_COILS', 'DEVICE_INPUT_COILS'], 2_000, longest.bits)
  return {
    ...(device.flag('DEVICE_MODBUS_BYTE_ORDER') === false ? { byteOrder: 'little' } : {}),
    ...((device.flag('DEVICE_FIRST_WORD_LOW') ?? true) ? { wordOrder: 'little' } : {}),
    ...(device.flag('DEVICE_MODICON_BIT_ORDER') === true ? { bitOrder: 'msb' } : {}),
    ...(maxRegisters === undefined ? {} : { maxRegisters }),
    ...(maxCoils === undefined ? {} : { maxCoils }),
  }
}
