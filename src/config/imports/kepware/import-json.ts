import { type Imported, type ImportedSource, Notes, type Settings, UnreadableImport } from '../imported.ts'
import { KeyBook } from '../key-book.ts'
import { nameOf, tagsOf } from './json-tags.ts'
import { isReason, type KepwareTag } from './kepware-tag.ts'
import { isModbusDriver, modbusEndpoint, modbusSettings, readingOf } from './modbus-device.ts'
import { Properties } from './properties.ts'
import { S7_DRIVER, s7Source } from './s7-device.ts'
import { scanModes, scanRates } from './scan-rates.ts'
import { TagMaker } from './tag-maker.ts'

/** What is said of a whole file: a file of a million tags would be no plant, but an attack. */
const MOST_TAGS = 100_000

/** Of lists and objects around the channels. */
const DEEPEST = 5

/** A source that is being made: devices behind one endpoint come together. */
interface Source extends ImportedSource {
  readonly settings: Settings
  readonly devices: ImportedSource['devices'][number][]
}

/**
 * Sources, devices and tags of a project of KEPServerEX, saved as JSON or read of the Configuration API: whole, or a
 * channel or device of it. Yields after each tag, so that whoever runs it may pause. Throws UnreadableImport.
 */
export function* importKepwareJson(text: string): Generator<void, Imported> {
  const notes = new Notes()
  const maker = new Maker(notes)
  for (const { driver, channel, device } of devicesIn(read(text))) yield* maker.take(driver, channel, device)
  if (maker.sources.length === 0 && notes.all.length === 0)
    throw new UnreadableImport(
      'There are no channels and devices in it: save the project, a channel or a device as JSON.',
    )
  return { sources: maker.sources, notes: notes.all }
}

function read(text: string): unknown {
  // Lines that are comments stand in files that people wrote.
  const plain = text.replace(/^\uFEFF/, '').replace(/^[ \t]*\/\/.*$/gm, '')
  try {
    return JSON.parse(plain) as unknown
  } catch (error) {
    const place = /line (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
    const at = place === undefined ? '' : ` (line ${place})`
    throw new UnreadableImport(
      `It is no JSON${at}. Save the project in KEPServerEX with the type JSON; a project of type OPF is not read.`,
      place === undefined ? undefined : Number(place),
    )
  }
}

interface DeviceAt {
  readonly driver: string
  readonly channel: Properties
  readonly device: Properties
}

function* devicesIn(value: unknown, depth = 0): Generator<DeviceAt> {
  if (depth > DEEPEST) return
  if (Array.isArray(value)) {
    for (const each of value as unknown[]) yield* devicesIn(each, depth + 1)
    return
  }
  const object = new Properties(value)
  if (typeof object.value.project === 'object') return yield* devicesIn(object.value.project, depth + 1)
  const channels = object.list('channels')
  if (channels.length > 0) return yield* devicesIn(channels, depth + 1)
  const driver = object.text('MULTIPLE_TYPES_DEVICE_DRIVER') ?? ''
  const isDevice =
    ['tags', 'tag_groups'].some((list) => Array.isArray(object.value[list])) ||
    object.text('DEVICE_ID_STRING') !== undefined
  if (isDevice) return yield { driver, channel: new Properties(undefined), device: object }
  for (const each of object.list('devices')) {
    const device = new Properties(each)
    yield { driver: device.text('MULTIPLE_TYPES_DEVICE_DRIVER') ?? driver, channel: object, device }
  }
}

class Maker {
  readonly sources: Source[] = []
  readonly #notes: Notes
  readonly #sourceKeys = new KeyBook()
  readonly #deviceKeys = new KeyBook()
  readonly #byEndpoint = new Map<string, Source>()
  #tags = 0

  constructor(notes: Notes) {
    this.#notes = notes
  }

  *take(driver: string, channel: Properties, device: Properties): Generator<void> {
    const [ofChannel, name] = [nameOf(channel), nameOf(device) || 'device']
    const path = ofChannel === '' ? name : `${ofChannel}.${name}`
    const at = { path }
    const isS7 = driver === S7_DRIVER
    if (!isS7 && !isModbusDriver(driver)) {
      const said = driver === '' ? 'Its driver is not named' : `Its driver, ${driver.slice(0, 100)}, is not read`
      return this.#notes.add(
        'leftOut',
        at,
        `${said}: Modbus TCP/IP Ethernet, Modbus RTU Serial, Modbus ASCII Serial and Siemens TCP/IP Ethernet are, with all of its tags.`,
      )
    }
    const found = isS7 ? s7Source(device) : modbusEndpoint({ driver, channel, device }, at, this.#notes)
    if (isReason(found)) return this.#notes.add('leftOut', at, `${found.reason} All of its tags are left out too.`)
    const reading = isS7 ? undefined : readingOf(device)
    const maker = new TagMaker({ notes: this.#notes, modbus: reading })
    const read: KepwareTag[] = []
    for (const tag of tagsOf(device, path, this.#notes)) {
      read.push(tag)
      if (++this.#tags > MOST_TAGS)
        throw new UnreadableImport(`There are more than ${MOST_TAGS} tags in it: save channels one by one.`)
    }
    const mode = device.number('DEVICE_SCAN_MODE') ?? scanModes.client
    const isDeviceRate = mode === scanModes.noFaster || mode === scanModes.allAtRate
    const rates = scanRates(
      read.map(({ scanRate }) => scanRate),
      isDeviceRate ? (device.number('DEVICE_SCAN_MODE_RATE_MS') ?? 1_000) : undefined,
    )
    const tags = []
    for (const tag of read) {
      const made = maker.make(tag, rates)
      if (made) tags.push(made)
      yield
    }
    this.#say(device, { at, mode, isClamped: rates.hasClamped })
    const settings = 'unitId' in found ? (found.source as Settings) : found
    const source = this.#sourceOf({ kind: isS7 ? 's7' : 'modbus', settings, channel: ofChannel, name, device })
    Object.assign(source.settings, { pollGroups: { ...(source.settings.pollGroups as object), ...rates.groups } })
    const description = device.text('ALLTYPES_DESCRIPTION')?.slice(0, 200)
    const folder = ofChannel.replaceAll('/', '-').trim().slice(0, 200)
    const key = this.#deviceKeys.take(name, 'device')
    source.devices.push({
      path,
      settings: {
        key,
        ...(name === key ? {} : { name: name.slice(0, 200) }),
        ...(description === undefined ? {} : { description }),
        ...(folder === '' ? {} : { folder }),
        ...(device.flag('DEVICE_DATA_COLLECTION') === false ? { disabled: true } : {}),
        ...('unitId' in found ? { unitId: found.unitId, ...modbusSettings(device, maker.longest) } : {}),
        poll: rates.poll,
      },
      tags,
    })
  }

  #say(
    device: Properties,
    about: { readonly at: { path: string }; readonly mode: number; readonly isClamped: boolean },
  ): void {
    const { at, mode, isClamped } = about
    const note = (message: string) => this.#notes.add('note', at, message)
    if (mode === scanModes.client)
      note(
        'Its tags are read there at the rate that clients ask for. Here they are polled at the scan rate of each tag: look at the poll groups of the source.',
      )
    if (mode === scanModes.onDemand)
      this.#notes.add(
        'changed',
        at,
        'It is read there only when a client asks. Here it is polled, at the scan rates of its tags.',
      )
    if (isClamped) this.#notes.add('changed', at, 'Scan rates below 50 ms or above a day are polled at these.')
    if (device.flag('DEVICE_SIMULATED') === true) note('It is simulated there, and read from the real device here.')
    if (device.flag('DEVICE_ZERO_BASED_ADDRESSING') === false)
      note(
        '"Zero-Based Addressing" is off: 400001 there is register 1 on the wire, here written 400002. Compare one value before you rely on it.',
      )
  }

  #sourceOf(about: {
    readonly kind: 'modbus' | 's7'
    readonly settings: Settings
    readonly channel: string
    readonly name: string
    readonly device: Properties
  }): Source {
    const { kind, settings, channel, name, device } = about
    const { host, port, transport, serial, rack, slot, remoteTsap } = settings
    // Devices behind one endpoint share its line, and one CPU is one connection.
    const endpoint = JSON.stringify([kind, host, port, transport, serial, rack, slot, remoteTsap])
    const there = this.#byEndpoint.get(endpoint)
    if (there) return this.#waits(there, device)
    const hasOthers = this.sources.some(({ path }) => path === channel)
    const wanted = channel === '' || hasOthers ? `${channel} ${name}` : channel
    const key = this.#sourceKeys.take(wanted, kind)
    const source: Source = {
      path: channel,
      kind,
      settings: { key, ...(wanted.trim() === key ? {} : { name: wanted.trim().slice(0, 200) }), kind, ...settings },
      devices: [],
    }
    this.#byEndpoint.set(endpoint, source)
    this.sources.push(source)
    return this.#waits(source, device)
  }

  /** The longest waits of all devices behind one endpoint hold for it. */
  #waits(source: Source, device: Properties): Source {
    const longest = (setting: string, milliseconds: number | undefined, low: number, high: number) => {
      if (milliseconds === undefined) return
      const before = Number.parseInt(String(source.settings[setting] ?? 0), 10)
      const wanted = Math.min(high, Math.max(low, before, Math.round(milliseconds)))
      source.settings[setting] = `${wanted}ms`
    }
    const seconds = device.number('DEVICE_CONNECTION_TIMEOUT_SECONDS')
    longest('timeout', device.number('DEVICE_REQUEST_TIMEOUT_MILLISECONDS'), 50, 60_000)
    longest('connectTimeout', seconds === undefined ? undefined : seconds * 1_000, 100, 60_000)
    const pause = device.number('DEVICE_INTER_REQUEST_DELAY_MILLISECONDS')
    if (source.kind === 'modbus' && pause) longest('delayBetweenRequests', pause, 0, 10_000)
    return source
  }
}
