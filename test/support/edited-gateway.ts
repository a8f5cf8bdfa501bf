import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { AddressSpace, generateAddressSpace, NodeClass, type UAVariable } from 'node-opcua'
import { checkOfEdits } from '../../src/cli/configuration.ts'
import { ConfigurationLife } from '../../src/config/life.ts'
import type { Loaded } from '../../src/config/load.ts'
import { systemClock } from '../../src/core/clock.ts'
import { PenstockError } from '../../src/core/errors.ts'
import { silentLogger } from '../../src/core/logger.ts'
import type { ChirpStackDeviceConfig, SourceConfig, TagConfig } from '../../src/core/plant.ts'
import { changeBetween, changedPlant, withoutDevices } from '../../src/core/plant-change.ts'
import { formatProblem } from '../../src/core/problem.ts'
import type { DeviceTags } from '../../src/core/tag-index.ts'
import { withTemplate } from '../../src/core/template.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { ConfiguredPlant } from '../../src/link/contract.ts'
import { nodesetFiles } from '../../src/opcua/address-space/namespaces.ts'
import { EngineConnection } from '../../src/opcua/engine-connection.ts'
import { CommandRecords } from '../../src/opcua/orders/command-records.ts'
import { Orders } from '../../src/opcua/orders/orders.ts'
import { Projection } from '../../src/opcua/projection.ts'
import type { Source, SourceContext } from '../../src/sources/source.ts'
import type { SourceTypes } from '../../src/sources/supervisor.ts'
import { ConfigurationVersions } from '../../src/store/configuration-versions.ts'
import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { commandSettings } from './command-rig.ts'

type Device = SourceConfig['devices'][number]
type Served = readonly DeviceTags<Device>[]
/** Devices that are in ChirpStack. */
const FOUND = ['24e124136d12aaa1', '24e124136d12aaa2'] as const

/** What a source of a stand-in has been given, as it would poll it. */
class StandInSource implements Source {
  readonly #context: SourceContext
  #config: SourceConfig
  #devices: Served
  readonly live?: NonNullable<Source['live']>
  isRunning = false

  constructor(config: SourceConfig, devices: Served, context: SourceContext) {
    this.#config = config
    this.#devices = devices
    this.#context = context
    // As S7 sources, a calculated one is made anew.
    if (config.kind === 'calculated') return
    this.live = {
      withdraw: (keys) => {
        this.#devices = this.#devices.filter(({ device }) => !keys.has(device.key))
      },
      follow: (changed, served) => {
        this.#config = changed
        this.#devices = served
        this.#tell()
      },
    }
  }

  start(): void {
    this.isRunning = true
    this.#tell()
    this.reconsider()
  }

  async stop(): Promise<void> {
    this.isRunning = false
  }

  /** Finds two devices, and serves those that a rule, the list or nobody takes out. */
  reconsider(): void {
    const { offers } = this.#context
    const configured = offers.configured()
    if (configured?.kind !== 'chirpstack') return
    const { rules = [], rejected = [] } = configured
    const own = new Set(configured.devices.map((device) => ('devEui' in device ? device.devEui : '')))
    const devices = FOUND.filter((devEui) => !rejected.includes(devEui) && !own.has(devEui)).flatMap((devEui) => {
      const rule = rules.find(({ name }) => name === undefined || name === devEui)
      const template = offers.templates().find(({ key }) => key === rule?.template)
      if (!template || offers.takenKeys().has(devEui)) return []
      const found = { key: devEui, name: devEui, devEui, tags: [], disabled: false, staleAfterMs: 60_000 }
      return [withTemplate(found as unknown as ChirpStackDeviceConfig, template)]
    })
    offers.serve(devices)
  }

  /** What is polled, of which source and how. */
  get polled() {
    const { devices: _, ...settings } = this.#config
    const secret = 'apiKeyEnv' in settings ? this.#context.secret(settings.apiKeyEnv) : undefined
    const devices = this.#devices.map(({ device, tags }) => [device.key, { device, tags: tags.map(({ id }) => id) }])
    // Only which devices there are says nothing of how they are polled.
    const { rules: _rules, accepted: _accepted, rejected: _rejected, linkTags: _link, ...own } = settings as Settings
    return { own, secret, isRunning: this.isRunning, devices: Object.fromEntries(devices) as object }
  }

  #tell(): void {
    const { sink, report } = this.#context
    report.state('connected')
    for (const { device, tags } of this.#devices) {
      if (!device.disabled) report.device(device.key, 'online')
      for (const { index, tag, disabled } of tags) if (!disabled) sink.polled(index, polledOf(tag) as never)
    }
  }
}

interface Settings {
  readonly rules?: unknown
  readonly accepted?: unknown
  readonly rejected?: unknown
  readonly linkTags?: unknown
}

function polledOf({ type, arrayLength }: TagConfig): unknown {
  if (arrayLength !== undefined) return undefined
  if (type === 'Boolean') return true
  if (type === 'Int64' || type === 'UInt64') return 7n
  return type === 'String' ? 'seven' : 7
}

/** Every node of the plant's namespace as clients see it, but for what says when. */
function shownIn(addressSpace: AddressSpace): Map<string, object> {
  const nodes = new Map<string, object>()
  for (const node of addressSpace.getNamespace('urn:penstock:plant').nodeIterator()) {
    const references = node
      .allReferences()
      .map(({ isForward, referenceType, nodeId }) => `${isForward ? '>' : '<'}${referenceType} ${nodeId}`)
    const { nodeClass, browseName, displayName, description } = node
    const named = {
      nodeClass,
      browseName: `${browseName}`,
      displayName: `${displayName}`,
      description: `${description}`,
    }
    const variable = node.nodeClass === NodeClass.Variable ? variableAs(node as UAVariable) : {}
    nodes.set(`${node.nodeId}`, { ...named, references: references.toSorted(), ...variable })
  }
  return nodes
}

function variableAs(variable: UAVariable): object {
  const { dataType, valueRank, arrayDimensions, accessLevel, minimumSamplingInterval, historizing, rolePermissions } =
    variable
  const { value, statusCode } = variable.readValue()
  const isTime = value.value instanceof Date || `${variable.browseName}`.endsWith('NodeVersion')
  const said = isTime ? '' : JSON.stringify(value.value)
  const permissions = rolePermissions?.map((rule) => `${rule.roleId} ${rule.permissions}`).toSorted()
  const kind = { dataType: `${dataType}`, valueRank, arrayDimensions, accessLevel, minimumSamplingInterval }
  return { ...kind, historizing, permissions, said, status: statusCode.name }
}

/**
 * A gateway in one thread: its configuration, its engine, with stand-ins for its sources, and the address space of its
 * OPC UA server. Between them only what crosses threads otherwise.
 */
export class EditedGateway {
  readonly configuration: ConfigurationLife
  readonly #folder = mkdtempSync(join(tmpdir(), 'penstock-edited-'))
  readonly #database = openPenstockDatabase(this.#folder)
  readonly #sources = new Map<string, StandInSource>()
  readonly #addressSpace: AddressSpace
  #projection: Projection | undefined
  #connection: EngineConnection | undefined
  #configured: ConfiguredPlant
  /** As the engine's thread has it. */
  #running: ConfiguredPlant
  #engine: Engine | undefined

  private constructor(text: string, env: Readonly<Record<string, string>>, addressSpace: AddressSpace) {
    this.#addressSpace = addressSpace
    const name = 'plant.yaml'
    const check = checkOfEdits(name, env)
    const { config, secrets } = right(check(text))
    const versions = new ConfigurationVersions(this.#database)
    const own = { clock: systemClock, log: silentLogger, changePlant: (to: ConfiguredPlant) => this.#change(to) }
    this.configuration = new ConfigurationLife({ versions, check, started: config, ...own })
    this.configuration.begin({ text, isNew: true, name })
    this.#configured = { plant: { sources: config.sources }, templates: config.templates, secrets }
    this.#running = structuredClone(this.#configured)
  }

  static async begin(text: string, env: Readonly<Record<string, string>>): Promise<EditedGateway> {
    const addressSpace = AddressSpace.create()
    addressSpace.registerNamespace('urn:penstock:gateway:test')
    await generateAddressSpace(addressSpace, [...nodesetFiles])
    const gateway = new EditedGateway(text, env, addressSpace)
    const port = await gateway.#beginEngine()
    const records = new CommandRecords(systemClock)
    const show = () => gateway.#projection
    const connection = new EngineConnection({
      clock: systemClock,
      log: silentLogger,
      listener: {
        onBatch: (batch) => show()?.apply(batch),
        onSources: (sources) => show()?.showSources(sources),
        onStore: () => undefined,
        onCommands: (commands) => show()?.showCommands(commands),
        awaitSnapshot: () => show()?.awaitSnapshot() ?? Promise.resolve(),
        onHeard: (heard) => show()?.showHeard(heard),
        showPlant: async (plant) => show()?.showPlant(plant),
        changePlant: async ({ change }) => show()?.changePlant(change),
        onFatal: (error) => {
          throw error
        },
      },
    })
    gateway.#connection = connection
    const log = silentLogger
    const orders = new Orders({ engine: () => undefined, records, writeTimeoutMs: 1_000, clock: systemClock, log })
    gateway.#projection = new Projection({
      addressSpace,
      plant: await connection.open(port),
      identity: { version: '1.2.3', startedAt: 0 },
      allowAnonymous: false,
      records,
      orders,
      clock: systemClock,
      log,
    })
    await connection.subscribe()
    return gateway
  }

  /** The address space as clients see it. */
  get shown(): Map<string, object> {
    return shownIn(this.#addressSpace)
  }

  /** What sources poll, by their keys. */
  get polled(): Record<string, object> {
    return Object.fromEntries([...this.#sources].map(([key, source]) => [key, source.polled]))
  }

  /** The engine's thread ends. */
  async endEngine(): Promise<void> {
    const engine = this.#engine
    this.#engine = undefined
    await engine?.stop()
    this.#sources.clear()
  }

  /** Another one begins, as main makes it. */
  async renewEngine(): Promise<void> {
    this.#running = structuredClone(this.#configured)
    this.#connection?.relink(await this.#beginEngine())
  }

  async end(): Promise<void> {
    await this.#projection?.end()
    this.#connection?.close()
    await this.endEngine()
    this.#database.close()
    this.#addressSpace.dispose()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #beginEngine() {
    const { plant, templates } = this.#running
    const type = (kind: SourceConfig['kind']) => ({
      kind,
      validate: () => [],
      create: async (config: SourceConfig, devices: Served, context: SourceContext) => {
        const source = new StandInSource(config, devices, context)
        this.#sources.set(config.key, source)
        return source
      },
    })
    const kinds = ['chirpstack', 'modbus', 's7', 'calculated'] as const
    const engine = new Engine({
      plant,
      templates,
      types: Object.fromEntries(kinds.map((kind) => [kind, type(kind)])) as unknown as SourceTypes,
      database: openHistoryDatabase(this.#folder),
      history: { keepMs: 86_400_000 },
      penstock: openPenstockDatabase(this.#folder),
      commands: commandSettings,
      audit: { keepMs: 86_400_000, maxRows: 10_000, schedule: '20 3 * * *' },
      clock: systemClock,
      log: silentLogger,
      secret: (name) => this.#running.secrets[name],
      random: Math.random,
      onFatal: (error) => {
        throw error
      },
    })
    await engine.start()
    this.#engine = engine
    const { port1, port2 } = new MessageChannel()
    engine.attach(port1)
    return port2
  }

  /** As `Rooms` tells the engine, and its thread takes it. */
  async #change(to: ConfiguredPlant): Promise<void> {
    const before = this.#configured.plant
    this.#configured = to
    if (!this.#engine) throw new PenstockError('ROOM_UNAVAILABLE', 'The engine is being started')
    const { plant, ...others } = to
    const told = structuredClone({ ...others, change: changeBetween(before, plant, withoutDevices) })
    this.#running = { ...told, plant: changedPlant(this.#running.plant, told.change) }
    await this.#engine.changePlant(this.#running)
    for (const key of this.#sources.keys()) {
      if (!plant.sources.some((source) => source.key === key)) this.#sources.delete(key)
    }
  }
}

function right(loaded: Loaded) {
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
  return loaded
}
