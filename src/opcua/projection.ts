import type { AddressSpace, NodeId } from 'node-opcua'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { CommandRecord } from '../core/command.ts'
import type { SourceHealth } from '../core/health.ts'
import type { Logger } from '../core/logger.ts'
import type { Plant } from '../core/plant.ts'
import { changeBetween, changedPlant, inSteps, type PlantChange } from '../core/plant-change.ts'
import type { SampleBatch } from '../core/sample.ts'
import { type IndexedTag, type NumberedPlant, type TagChange, TagIndexing } from '../core/tag-index.ts'
import type { StoredHealth } from '../link/contract.ts'
import type { GatewayIdentity } from './address-space/gateway-nodes.ts'
import { establishNamespaces } from './address-space/namespaces.ts'
import { setNamespacePermissions } from './address-space/permissions.ts'
import { PlantNodes } from './address-space/plant-nodes.ts'
import { hardenNodeOpcua } from './hardening/install.ts'
import { CommandNodes } from './orders/command-nodes.ts'
import type { CommandRecords } from './orders/command-records.ts'
import type { Orders } from './orders/orders.ts'
import { tagTarget, type WriteTarget } from './orders/write-target.ts'
import { ServiceLevelVariable, serviceLevel } from './service-level.ts'
import { TagValues } from './values.ts'

/** Tags of a changed plant that are taken for one step of a change. */
const TAGS_A_STEP = 250
/** Nodes that are changed between two turns of the event loop at the most, devices with all of theirs counting once. */
export const NODES_A_TURN = 100
/** How long that may take at the most, but for the one node that is begun. */
const TURN: Milliseconds = 10

export interface ProjectionOptions {
  readonly addressSpace: AddressSpace
  readonly plant: NumberedPlant
  readonly identity: GatewayIdentity
  readonly allowAnonymous: boolean
  readonly records: CommandRecords
  readonly orders: Orders
  readonly clock: Clock
  readonly log: Logger
}

/** What of the engine shows in the address space: its plant, through all of its changes, and the values. */
export class Projection {
  readonly values: TagValues
  readonly commands: CommandNodes
  readonly #records: CommandRecords
  /** Index of the plant's namespace. */
  readonly namespace: number
  readonly #nodes: PlantNodes
  readonly #serviceLevel: ServiceLevelVariable
  readonly #clock: Clock
  #plant: Plant
  #indexing: TagIndexing
  #sources: readonly SourceHealth[] = []
  #storeOk = true
  #heard = false
  /** Counts how often the engine was lost: what it had said before is not shown after. */
  #losses = 0
  /** A step of a change that is being shown. */
  #changing: Promise<void> | undefined
  #ended = false

  constructor({ addressSpace, plant, identity, allowAnonymous, records, orders, clock, log }: ProjectionOptions) {
    this.#clock = clock
    this.#records = records
    const now = clock.now()
    this.#plant = plant.plant
    this.#indexing = new TagIndexing(plant.plant, plant.ids)
    const namespaces = establishNamespaces(addressSpace)
    this.namespace = namespaces.plant.index
    setNamespacePermissions(addressSpace, allowAnonymous)
    this.#serviceLevel = new ServiceLevelVariable(addressSpace, now)
    const indexing = this.#indexing
    this.#nodes = new PlantNodes({
      addressSpace,
      namespaces,
      plant: plant.plant,
      indexing,
      identity,
      allowAnonymous,
      now,
    })
    this.commands = new CommandNodes({
      addressSpace,
      namespaces,
      plant: plant.plant,
      allowAnonymous,
      records,
      orders,
      changes: this.#nodes.changes,
      now,
    })
    hardenNodeOpcua(addressSpace, this.#serviceLevel.variable)
    this.values = new TagValues({ tags: indexing.tags, variables: this.#nodes.tagVariables, clock, log })
  }

  /** The gateway's own object. */
  get gatewayId(): NodeId {
    return this.#nodes.gateway.object.nodeId
  }

  /**
   * The engine is a new one, or changed its plant while nobody listened: shows what is different, and takes its numbers.
   * No batch may come meanwhile.
   */
  async showPlant({ plant, ids }: NumberedPlant): Promise<void> {
    await this.#changing
    for (const step of inSteps(changeBetween(this.#plant, plant), TAGS_A_STEP)) await this.changePlant(step)
    if (this.#ended) return
    this.#plant = plant
    this.#indexing = new TagIndexing(plant, ids)
    this.#nodes.renumber(this.#indexing)
    this.values.renumber(this.#indexing.tags)
  }

  /** The plant changes by one step, which the engine takes too; resolves when it is shown. */
  changePlant(change: PlantChange): Promise<void> {
    const done = (this.#changing ?? Promise.resolve()).then(() => this.#showStep(change))
    const changing = done.finally(() => {
      if (this.#changing === changing) this.#changing = undefined
    })
    this.#changing = changing
    return changing
  }

  /** Shows a batch; while the plant is changing, behind the step by which its rows are numbered. */
  apply(batch: SampleBatch): void | Promise<void> {
    if (!this.#changing) return this.values.apply(batch)
    const losses = this.#losses
    return this.#changing.then(() => {
      if (losses === this.#losses) this.values.apply(batch)
    })
  }

  /** Ends between two nodes what is going on; resolves when nothing of the address space is touched any more. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#changing
  }

  /** Node by node, so that clients are served meanwhile. */
  async #showStep(change: PlantChange): Promise<void> {
    if (this.#ended) return
    this.#plant = changedPlant(this.#plant, change)
    const tags = this.#indexing.apply(change, this.#plant)
    let changed = 0
    let turnBegan = this.#clock.monotonic()
    for (const tag of this.#pieces(change, tags)) {
      if (tag) this.values.begin(tag)
      if (++changed < NODES_A_TURN && this.#clock.monotonic() - turnBegan < TURN) continue
      await new Promise(setImmediate)
      if (this.#ended) return
      changed = 0
      turnBegan = this.#clock.monotonic()
    }
  }

  /** At the end clients are told what has changed. */
  *#pieces(change: PlantChange, tags: TagChange): Generator<IndexedTag | undefined, void> {
    yield* this.#nodes.change(change, tags, this.#indexing.present.length, this.#clock.now())
    yield* this.commands.change(change, this.#clock.now())
    yield* this.#nodes.changes.tell(this.#clock.now())
  }

  /** The tag of the variable with this NodeId, as it is configured now. */
  tagOf({ namespace, value }: NodeId): IndexedTag | undefined {
    return namespace === this.namespace && typeof value === 'string' ? this.#indexing.byId(value) : undefined
  }

  /** What writing the variable with this NodeId asks for, as it is configured now. */
  writeTargetOf(nodeId: NodeId): WriteTarget | undefined {
    const tag = this.tagOf(nodeId)
    return tag ? tagTarget(tag) : this.commands.targetOf(nodeId)
  }

  /** Resolves once every tag has got a value after this call; the engine also says anew which commands go on. */
  awaitSnapshot(): Promise<void> {
    this.#records.expectAll()
    return this.values.awaitSnapshot()
  }

  /** Commands came into other states. */
  showCommands(records: readonly CommandRecord[]): void {
    const now = this.#clock.now()
    for (const record of records) if (this.#records.take(record)) this.commands.tell(record, now)
  }

  /** How all sources are, each with those of its devices of which there is something new. */
  showSources(sources: readonly SourceHealth[]): void {
    this.#sources = sources
    this.#nodes.showSources(sources, this.#clock.now())
    this.#showServiceLevel()
  }

  showStore(store: StoredHealth): void {
    this.#storeOk = store.ok
    this.#nodes.gateway.showStore(store, this.#clock.now())
    this.#showServiceLevel()
  }

  /** What the gateway knows of itself without the engine. */
  showGateway(freeDiskSpace: number | undefined): void {
    const now = this.#clock.now()
    this.#nodes.gateway.showDisk(freeDiskSpace, now)
    this.#nodes.gateway.showUptime(now)
  }

  showHeard(heard: boolean): void {
    this.#heard = heard
    if (heard) this.#records.settle()
    else {
      this.#losses++
      this.values.markUnheard()
    }
    this.commands.showHeard(heard, this.#clock.now())
    this.#nodes.showEngine(heard, this.#clock.now())
    this.#showServiceLevel()
  }

  #showServiceLevel(): void {
    const level = serviceLevel({ engineHeard: this.#heard, storeOk: this.#storeOk, sources: this.#sources })
    this.#serviceLevel.show(level, this.#clock.now())
  }
}
