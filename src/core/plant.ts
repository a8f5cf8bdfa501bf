import type { AggregatedOf } from './aggregate-windows.ts'
import type { Milliseconds } from './clock.ts'
import type { Access, CommandConfig, WriteConfig } from './command.ts'
import type { DataType } from './data-type.ts'
import type { HistoryConfig } from './history-policy.ts'
import type { StateConfig } from './states.ts'
import type { DiscoveryRule } from './template.ts'
import type { TransformConfig } from './transform/settings.ts'

/**
 * The plant as an operator configures it: sources with their devices and tags. Plain data, already checked;
 * `config/schema.ts` is where it is read and where each field is explained to the user.
 * Every `key` is an immutable slug, unique among its siblings (a device key: in the whole plant), and makes the NodeId.
 */
export interface Plant {
  readonly sources: readonly SourceConfig[]
}

export type SourceConfig = ChirpStackSourceConfig | ModbusSourceConfig | S7SourceConfig | CalculatedSourceConfig
export type SourceKind = SourceConfig['kind']

interface SourceBase<Device extends DeviceBase> {
  readonly key: string
  readonly name: string
  readonly disabled: boolean
  readonly devices: readonly Device[]
}

/** One ChirpStack tenant. */
export interface ChirpStackSourceConfig
  extends SourceBase<ChirpStackDeviceConfig | ChirpStackGatewayConfig | ChirpStackGroupConfig> {
  readonly kind: 'chirpstack'
  /** `http://host:port` (plain HTTP/2) or `https://host:port`. */
  readonly url: string
  /** UUID of the tenant whose applications hold the devices. */
  readonly tenantId: string
  /** Name of the environment variable that holds the API key. */
  readonly apiKeyEnv: string
  readonly callTimeoutMs: Milliseconds
  readonly inventoryPeriodMs: Milliseconds
  /** How often gathered metrics, and the state of gateways, are asked for. */
  readonly metricsPeriodMs: Milliseconds
  /** `http://host:port` of an HTTP proxy, `none`, or as the environment says. */
  readonly proxy?: string | undefined
  readonly tls?: TlsConfig | undefined
  /** Whether devices that do not say otherwise have the standard tags of `link-tags.ts`. */
  readonly linkTags: boolean
  /** What becomes of devices that are not configured; the first that matches decides. Absent: they are left alone. */
  readonly rules?: readonly DiscoveryRule[] | undefined
  /** DevEUIs of what rules only propose and is to be served, and of what is never to be, in lower case. */
  readonly accepted?: readonly string[] | undefined
  readonly rejected?: readonly string[] | undefined
}

/** How the server is proved, and how we prove ourselves to it; paths are files in PEM form. */
export interface TlsConfig {
  /** Authorities that are trusted in place of the system's. */
  readonly caFile?: string | undefined
  readonly certificateFile?: string | undefined
  readonly keyFile?: string | undefined
  /** Name of the environment variable that holds the key in PEM form. */
  readonly keyEnv?: string | undefined
  /** The name that the server's certificate must have, where it is not the host of the URL. */
  readonly serverName?: string | undefined
}

/** One Modbus endpoint, reached over the network or over a serial line of this machine. */
export type ModbusSourceConfig = ModbusNetworkSourceConfig | ModbusSerialSourceConfig

interface ModbusSourceBase extends SourceBase<ModbusDeviceConfig> {
  readonly kind: 'modbus'
  /** How long a request may take. */
  readonly timeoutMs: Milliseconds
  readonly connectTimeoutMs: Milliseconds
  /** From the end of one request to the next. */
  readonly delayBetweenRequestsMs: Milliseconds
  /** From the connection to the first request. */
  readonly delayAfterConnectMs: Milliseconds
  /** Requests that may be under way at once; absent: one. More than one only for `windowedTransports`. */
  readonly window?: number
}

/** `-over-tcp`: the frames of a serial line in a TCP connection, as serial servers pass them on. */
export const modbusNetworkTransports = ['tcp', 'tls', 'udp', 'rtu-over-tcp', 'ascii-over-tcp'] as const
export const modbusSerialTransports = ['rtu', 'ascii'] as const
/** Those on which an answer names its request and nothing is lost between requests. */
export const windowedTransports: readonly ModbusSourceConfig['transport'][] = ['tcp', 'tls']
/** The most requests that may be under way at once. */
export const MOST_AT_ONCE = 16

export interface ModbusNetworkSourceConfig extends ModbusSourceBase {
  readonly transport: (typeof modbusNetworkTransports)[number]
  readonly host: string
  readonly port: number
  /** For the transport `tls`; absent: the system's authorities, and no client certificate. */
  readonly tls?: TlsConfig | undefined
}

export interface ModbusSerialSourceConfig extends ModbusSourceBase {
  readonly transport: (typeof modbusSerialTransports)[number]
  readonly serial: SerialLineConfig
}

export const parities = ['none', 'even', 'odd'] as const

/** A serial line of this machine, used by one source alone. */
export interface SerialLineConfig {
  /** `/dev/ttyUSB0`, `COM3`. */
  readonly path: string
  readonly baudRate: number
  readonly dataBits: 7 | 8
  readonly parity: (typeof parities)[number]
  readonly stopBits: 1 | 2
}

/** One Siemens S7 CPU. */
export interface S7SourceConfig extends SourceBase<S7DeviceConfig> {
  readonly kind: 's7'
  readonly host: string
  readonly port: number
  readonly rack: number
  readonly slot: number
  /** Which of the CPU's connections is used; `pg` unless said. */
  readonly connection?: S7Connection | undefined
  /** Two octets each, in place of rack, slot and kind of connection. */
  readonly localTsap?: number | undefined
  readonly remoteTsap?: number | undefined
  /** The PDU that is asked for, bytes; the largest unless said. */
  readonly pdu?: number | undefined
  /** The most items of a request; 20 unless said. */
  readonly maxItems?: number | undefined
  /** IANA name of the zone in which the CPU's clock is set; UTC unless said. */
  readonly timeZone?: string | undefined
  readonly timeoutMs: Milliseconds
  readonly connectTimeoutMs: Milliseconds
}

/** Where a polled source connects to: `host:port`, or the path of its serial line. */
export const fieldEndpointOf = (source: ModbusSourceConfig | S7SourceConfig): string =>
  'serial' in source ? source.serial.path : `${source.host}:${source.port}`

/** Programming device, operator panel, or S7 basic communication. */
export type S7Connection = 'pg' | 'op' | 'basic'

/** Values that are calculated of other tags of the plant, whatever they come from. */
export interface CalculatedSourceConfig extends SourceBase<DeviceBase> {
  readonly kind: 'calculated'
}

export interface DeviceBase extends HistoryConfig {
  readonly key: string
  readonly name: string
  readonly description?: string | undefined
  /** Where it stands in the operator's own tree: names of folders, the outermost first, with `/` between them. */
  readonly folder?: string | undefined
  readonly disabled: boolean
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  readonly serialNumber?: string | undefined
  readonly hardwareRevision?: string | undefined
  readonly softwareRevision?: string | undefined
  /** Where its manual is: a URL, or a place on paper. */
  readonly deviceManual?: string | undefined
  /** Default for tags that do not set their own; absent: the source decides (poll period, uplink interval). */
  readonly staleAfterMs?: Milliseconds | undefined
  /** How long after its source was lost a tag stays Uncertain before it turns Bad. */
  readonly badAfterMs: Milliseconds
  readonly tags: readonly TagConfig[]
  /** What can be asked of it beside writing its tags. */
  readonly commands?: readonly CommandConfig[] | undefined
}

export interface ChirpStackDeviceConfig extends DeviceBase {
  /** 16 hexadecimal digits, lower case: ChirpStack opens an empty stream for upper case, without an error. */
  readonly devEui: string
  /** Key of the template whose tags it has beside its own. */
  readonly template?: string | undefined
  /** Whether it has the standard tags of `link-tags.ts`; absent: as its source says. */
  readonly linkTags?: boolean | undefined
}

/** A LoRaWAN gateway: no end device, but known to the same server. */
export interface ChirpStackGatewayConfig extends DeviceBase {
  /** 16 hexadecimal digits, lower case. */
  readonly gatewayId: string
}

/** A multicast group (LoRaWAN TS005): devices that hear the same downlinks. It sends nothing itself. */
export interface ChirpStackGroupConfig extends DeviceBase {
  /** UUID of the group in ChirpStack, lower case. */
  readonly multicastGroup: string
}

export type ByteOrder = 'big' | 'little'

/** The four orders of a value in registers as manuals call them: its bytes, the most significant A, as they come. */
export const registerOrders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const
export type RegisterOrder = (typeof registerOrders)[number]

export const byteOrderOf = (order: RegisterOrder = 'ABCD'): ByteOrder =>
  order === 'BADC' || order === 'DCBA' ? 'little' : 'big'
export const wordOrderOf = (order: RegisterOrder = 'ABCD'): ByteOrder =>
  order === 'CDAB' || order === 'DCBA' ? 'little' : 'big'

export const charsets = ['utf-8', 'ascii', 'latin1', 'utf-16be', 'utf-16le'] as const
export type Charset = (typeof charsets)[number]

/** What fills a text up to its length and is no part of it: NULs and spaces, only one of them, or nothing. */
export const paddings = ['trim', 'nul', 'space', 'keep'] as const
export type Padding = (typeof paddings)[number]

export interface ModbusDeviceConfig extends DeviceBase {
  /** Modbus unit id, 1 to 247 (255 for devices that answer only there). */
  readonly unitId: number
  readonly pollMs: Milliseconds
  /** Order of the two bytes in a register; the specification's is `big`. */
  readonly byteOrder: ByteOrder
  /** Order of the registers of a value that spans several: `big` puts the most significant first. */
  readonly wordOrder: ByteOrder
  /** What the first register is called in `area:number`; absent: 0. */
  readonly addressBase?: 0 | 1 | undefined
  /** Which bit of a register `.0` is: the least significant (absent), or the most. */
  readonly bitOrder?: 'lsb' | 'msb' | undefined
  /** What the numbers of %MD, %MX and %MB count. */
  readonly iecMemory?: 'words' | 'bytes' | undefined
  /** Of its texts; absent: utf-8, trim. */
  readonly charset?: Charset | undefined
  readonly padding?: Padding | undefined
  /** Where its clock is, for dates that do not say it; absent: UTC. */
  readonly timeZone?: string | undefined
  /** The most registers, and coils, this device answers at once. */
  readonly maxRegisters: number
  readonly maxCoils: number
  /** The widest hole, in registers or bits, that is read along with the tags on both sides; absent: by cost. */
  readonly maxGap?: number | undefined
  /** Addresses that are never asked for, not even between two tags: `holding:100-199`, `coil:7`. */
  readonly forbidden?: readonly string[] | undefined
  /** Whether each tag is asked for by itself. */
  readonly oneTagPerRequest?: boolean | undefined
  readonly adaptive?: AdaptiveConfig | undefined
}

export interface S7DeviceConfig extends DeviceBase {
  readonly pollMs: Milliseconds
  readonly adaptive?: AdaptiveConfig | undefined
}

/** A device that is read less often while nothing of it changes. */
export interface AdaptiveConfig {
  /** The longest period that comes of it. */
  readonly slowestMs: Milliseconds
}

/** One value of a device. */
export interface TagConfig extends HistoryConfig {
  readonly key: string
  readonly name: string
  readonly description?: string | undefined
  readonly disabled: boolean
  /** What OPC UA clients see. */
  readonly type: DataType
  /**
   * Where the value is, in the protocol's own notation: `object.temperature`, `holding:100`, `DB1,REAL4`; of a
   * calculated tag its expression.
   */
  readonly address: string
  /** How the value lies on the wire, where the type alone does not say (Modbus: `int16` behind a Double). */
  readonly encoding?: string | undefined
  readonly byteOrder?: ByteOrder | undefined
  readonly wordOrder?: ByteOrder | undefined
  /** Both orders in one word; a tag has either this or the two. */
  readonly order?: RegisterOrder | undefined
  /** Characters of a String, bytes of a ByteString, on a register device. */
  readonly length?: number | undefined
  readonly charset?: Charset | undefined
  readonly padding?: Padding | undefined
  /** How many elements the tag's array has; absent: it is a single value. */
  readonly arrayLength?: number | undefined
  /** Engineering unit as the operator writes it: `°C`, `kWh`. */
  readonly unit?: string | undefined
  /** Values outside are UncertainEngineeringUnitsExceeded. */
  readonly range?: { readonly low: number; readonly high: number } | undefined
  /** What the instrument can return at all; clients see it. */
  readonly instrumentRange?: { readonly low: number; readonly high: number } | undefined
  /** What each value means, of an enumeration; a value that is none of them is UncertainEngineeringUnitsExceeded. */
  readonly states?: readonly StateConfig[] | undefined
  /** How the value is made of what the device says. */
  readonly transform?: TransformConfig | undefined
  /** In the tag's unit: a value not farther than this from the last one that clients heard is not told to them. */
  readonly deadband?: number | undefined
  readonly pollMs?: Milliseconds | undefined
  readonly staleAfterMs?: Milliseconds | undefined
  readonly badAfterMs?: Milliseconds | undefined
  /** Absent: read. */
  readonly access?: Access | undefined
  readonly write?: WriteConfig | undefined
  /** It is not read, but made of the samples of another tag. */
  readonly aggregated?: AggregatedOf | undefined
}
