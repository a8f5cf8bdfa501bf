import { z } from 'zod'
import {
  MOST_AT_ONCE,
  type ModbusNetworkSourceConfig,
  type ModbusSerialSourceConfig,
  type ModbusSourceConfig,
  modbusNetworkTransports,
  modbusSerialTransports,
  parities,
  type SerialLineConfig,
  windowedTransports,
} from '../core/plant.ts'
import { type Complaint, complain } from './complaint.ts'
import { parseDuration } from './duration.ts'
import { choice, duration, explain, host, section, text, wholeNumber } from './fields.ts'
import { settingOf } from './raw.ts'
import { tlsFields } from './tls-schema.ts'

const MINUTE = 60_000

const isSerial = (transport: unknown): transport is (typeof modbusSerialTransports)[number] =>
  modbusSerialTransports.some((each) => each === transport)

const serialLine = section(
  'The serial line of this machine, for the transports rtu and ascii; one source has it alone.',
  {
    path: text({
      description: 'Device file of the line, best the one that stays the same when adapters are plugged in anew.',
      longest: 1_000,
      allowed: 'the path of a serial device, or COM and a number on Windows',
      example: '/dev/serial/by-id/usb-FTDI_FT232R-if00-port0',
    }),
    baudRate: wholeNumber({
      description: 'Bits in a second, as set at the devices.',
      low: 110,
      high: 4_000_000,
      example: '9600',
    }).default(19_200),
    dataBits: explain(z.literal([7, 8]), {
      description: 'Data bits of a character; RTU always has 8.',
      allowed: '7 or 8',
      example: '8',
      otherwise: '8, and 7 for ascii',
    }).optional(),
    parity: choice(parities, {
      description: 'Parity bit of a character, as set at the devices.',
      example: 'none',
    }).default('even'),
    stopBits: explain(z.literal([1, 2]), {
      description: 'Stop bits of a character, as set at the devices.',
      allowed: '1 or 2',
      example: '1',
    }).default(1),
  },
)

/** The settings that say how a Modbus source is reached. */
export const modbusTransport = {
  transport: choice([...modbusNetworkTransports, ...modbusSerialTransports], {
    description:
      'How requests travel: Modbus TCP, the same in TLS or UDP, the frames of a serial line (RTU, ASCII) in TCP, as ' +
      'serial servers pass them on, or a serial line of this machine.',
  }).default('tcp'),
  host: host({
    description: 'Host name or IP address of the device or Modbus gateway.',
    example: '192.168.1.20',
    otherwise: 'required, unless the transport is rtu or ascii',
  }).optional(),
  port: wholeNumber({
    description: 'TCP or UDP port.',
    low: 1,
    high: 65_535,
    example: '502',
    otherwise: '502, and 802 for tls',
  }).optional(),
  tls: section('How a device or gateway of transport tls is proved, and how Penstock proves itself to it.', {
    ...tlsFields,
    serverName: host({
      description: "Name that the server's certificate must have.",
      example: 'gateway.plant.example',
      otherwise: 'the `host`',
    }).optional(),
  }).optional(),
  serial: serialLine.optional(),
  delayBetweenRequests: duration({
    description: 'Pause from the end of one request to the next, for devices and gateways that need it.',
    low: 0,
    high: MINUTE / 6,
    example: '20ms',
  }).prefault('0s'),
  delayAfterConnect: duration({
    description: 'Pause from the connection to the first request, for gateways that are not ready at once.',
    low: 0,
    high: MINUTE,
    example: '500ms',
  }).prefault('0s'),
  window: wholeNumber({
    description:
      'Requests that may be under way at once, for devices and gateways that bear it (`penstock calibrate` measures ' +
      'it); more than 1 only with the transports tcp and tls.',
    low: 1,
    high: MOST_AT_ONCE,
    example: '4',
  }).default(1),
}

/** What the transport needs, and what has no meaning with it. Whatever it is given may have any shape. */
export function checkTransport(source: unknown, context: z.core.$RefinementCtx): void {
  const transport = settingOf(source, 'transport') ?? 'tcp'
  const has = (name: string) => settingOf(source, name) !== undefined
  complain(context, [
    ...(isSerial(transport) ? ofSerial(transport, source, has) : ofNetwork(transport, has)),
    ...ofWindow(transport, source),
  ])
}

function ofWindow(transport: unknown, source: unknown): Complaint[] {
  const window = settingOf(source, 'window')
  if (typeof window !== 'number' || window <= 1) return []
  const mend = 'Remove the window, or set it to 1.'
  const known = [...modbusNetworkTransports, ...modbusSerialTransports].find((each) => each === transport)
  if (!known) return []
  if (!windowedTransports.includes(known)) {
    const why = known === 'udp' ? LOSES : NAMELESS
    return [{ at: ['window'], message: `The transport is ${known}: ${why}`, mend }]
  }
  const pause = settingOf(source, 'delayBetweenRequests')
  // As it is written where another setting is wrong, otherwise in milliseconds.
  if (!(typeof pause === 'string' ? parseDuration(pause) : pause)) return []
  const message = 'With `delayBetweenRequests` there is a pause after each request, so never two are under way.'
  return [{ at: ['window'], message, mend: 'Remove the window, or the delay.' }]
}

const LOSES = 'datagrams that come together may be dropped without a word, so one request goes at a time.'
const NAMELESS = 'an answer does not say there which request it belongs to, so one request goes at a time.'

function ofSerial(transport: string, source: unknown, has: (name: string) => boolean): Complaint[] {
  const complaints = ['host', 'port', 'tls'].filter(has).map((setting) => ({
    at: [setting],
    message: `The transport is ${transport}, a serial line of this machine, which has no ${setting}.`,
    mend: `Remove it; or set transport to ${transport}-over-tcp for a serial server in the network.`,
  }))
  if (!has('serial')) {
    const message = `The transport is ${transport}, which needs to know its serial line.`
    const mend = 'Write for example serial: { path: /dev/ttyUSB0, baudRate: 9600, parity: none }.'
    return [...complaints, { at: ['serial'], message, mend }]
  }
  if (transport !== 'rtu' || settingOf(settingOf(source, 'serial'), 'dataBits') !== 7) return complaints
  const message = 'Characters of Modbus RTU have 8 data bits.'
  return [...complaints, { at: ['serial', 'dataBits'], message, mend: 'Remove it, or set transport to ascii.' }]
}

function ofNetwork(transport: unknown, has: (name: string) => boolean): Complaint[] {
  if (!modbusNetworkTransports.some((each) => each === transport)) return []
  const complaints: Complaint[] = []
  if (has('serial')) {
    const message = `The transport is ${transport}, which has no serial line of this machine.`
    complaints.push({ at: ['serial'], message, mend: 'Set transport to rtu or ascii, or remove it.' })
  } else if (!has('host')) {
    const message = `The transport is ${transport}, which needs a host.`
    const mend = 'Write for example host: 192.168.1.20, or set transport to rtu or ascii for a serial line.'
    complaints.push({ at: ['host'], message, mend })
  }
  if (has('tls') && transport !== 'tls') {
    const message = `The transport is ${transport}, which is not encrypted.`
    complaints.push({ at: ['tls'], message, mend: 'Set transport to tls, or remove it.' })
  }
  return complaints
}

type Written = Omit<ModbusSerialSourceConfig, 'transport' | 'serial'> & {
  readonly transport: ModbusSourceConfig['transport']
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly tls?: ModbusNetworkSourceConfig['tls']
  readonly serial?: (Omit<SerialLineConfig, 'dataBits'> & { dataBits?: 7 | 8 | undefined }) | undefined
}

/** A source that `checkTransport` has nothing against, with what its transport has and nothing of what it has not. */
export function withTransport({ transport, host, port, tls, serial, ...source }: Written): ModbusSourceConfig {
  if (isSerial(transport)) {
    const dataBits = serial!.dataBits ?? (transport === 'rtu' ? 8 : 7)
    return { ...source, transport, serial: { ...serial!, dataBits } }
  }
  return { ...source, transport, host: host!, port: port ?? (transport === 'tls' ? 802 : 502), ...(tls && { tls }) }
}
