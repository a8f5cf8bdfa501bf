import {
  type AddressSpace,
  DataType,
  type ExtensionObject,
  LocalizedText,
  ModelChangeStructureDataType,
  NodeClass,
  NodeId,
  SemanticChangeStructureDataType,
  type UAMethod,
  type UAObject,
  type UAVariable,
  VariantArrayType,
} from 'node-opcua'
import { StatusCode } from '../../core/status-code.ts'
import { gatherSemanticChanges } from '../hardening/gather-semantic-events.ts'
import { HardeningError } from '../hardening/patch-method.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import { type NodeFactory, publish } from './node-factory.ts'

/** Bits of the verb of a ModelChangeStructureDataType (OPC 10000-5 §12.17). */
const verbs = { nodeAdded: 1, nodeDeleted: 2, referenceAdded: 4, referenceDeleted: 8, dataTypeChanged: 16 } as const
const REFERENCES = verbs.referenceAdded | verbs.referenceDeleted

/** Of one event: what a client has to read through, and a message has to hold. */
export const MOST_CHANGES = 1_000
/** News for whoever looks at the address space, no trouble. */
const SEVERITY = 100

type Node = UAObject | UAVariable | UAMethod

interface Change {
  readonly node: NodeId
  readonly type: NodeId
  verb: number
}

export interface ModelChangesOptions {
  readonly addressSpace: AddressSpace
  readonly factory: NodeFactory
  readonly statuses: StatusCodeCache
}

/**
 * Tells clients how the address space has changed: once for each step of a change of the plant, and the NodeVersion of
 * every node whose references are others now (OPC 10000-3 §9.32). node-opcua would tell of each node by itself.
 */
export class ModelChanges {
  readonly #options: ModelChangesOptions
  readonly #server: UAObject
  /** NodeVersion by the node that has it. */
  readonly #versions = new Map<Node, UAVariable>()
  readonly #changes = new Map<string, Change>()
  readonly #touched = new Set<Node>()
  readonly #otherMeaning = new Set<UAVariable>()
  #version = 0

  constructor(options: ModelChangesOptions) {
    this.#options = options
    const { addressSpace } = options
    this.#server = addressSpace.rootFolder.objects.server
    const internals = addressSpace as AddressSpace & { suspendModelChangeEvents?: boolean }
    if (internals.suspendModelChangeEvents !== false) {
      throw new HardeningError('model changes once a step', 'AddressSpace.suspendModelChangeEvents')
    }
    internals.suspendModelChangeEvents = true
    gatherSemanticChanges(addressSpace, (variable) => this.#otherMeaning.add(variable))
  }

  /** Gives the node a NodeVersion, itself of the identifier `id`, which is another whenever the node's references are. */
  version(node: UAObject, id: string, now: number): void {
    const { factory } = this.#options
    this.#version = Math.max(this.#version, now)
    const property = {
      parent: node,
      id,
      name: 'NodeVersion',
      nameIn: 0,
      dataType: DataType.String,
    }
    this.#versions.set(node, factory.property(property, DataType.String, String(this.#version)))
  }

  /** The node is new, and stands in these. */
  added(node: Node, ...parents: readonly Node[]): void {
    this.#note(node, verbs.nodeAdded)
    for (const parent of parents) this.#note(parent, verbs.referenceAdded)
  }

  /** The node is about to go from where it stands. */
  removed(node: Node, ...parents: readonly Node[]): void {
    this.#note(node, verbs.nodeDeleted)
    this.#versions.delete(node)
    this.#touched.delete(node)
    if (node.nodeClass === NodeClass.Variable) this.#otherMeaning.delete(node as UAVariable)
    for (const parent of parents) this.#note(parent, verbs.referenceDeleted)
  }

  referenceAdded(from: Node, to: Node): void {
    for (const node of [from, to]) this.#note(node, verbs.referenceAdded)
  }

  referenceRemoved(from: Node, to: Node): void {
    for (const node of [from, to]) this.#note(node, verbs.referenceDeleted)
  }

  dataTypeChanged(variable: UAVariable): void {
    this.#note(variable, verbs.dataTypeChanged)
  }

  /** What there is to tell before the first client comes is told to nobody. */
  forget(): void {
    this.#changes.clear()
    this.#touched.clear()
    this.#otherMeaning.clear()
  }

  /** Tells everything since the last time: new NodeVersions, and then one event of each kind; in a step each. */
  *tell(now: number): Generator<undefined, void> {
    this.#raiseVersions(now)
    // Those whose NodeVersion says that they are to be browsed anew come first, if not all can be named.
    const changes = [...this.#changes.values()].toSorted(
      (one, other) => (other.verb & REFERENCES) - (one.verb & REFERENCES),
    )
    const others = [...this.#otherMeaning]
    this.forget()
    if (changes.length > 0) {
      const structures = changes
        .slice(0, MOST_CHANGES)
        .map(({ node, type, verb }) => new ModelChangeStructureDataType({ affected: node, affectedType: type, verb }))
      this.#raise('GeneralModelChangeEventType', 'Nodes of the plant were added, removed or moved', structures)
      yield
    }
    for (let from = 0; from < others.length; from += MOST_CHANGES) {
      const structures = others
        .slice(from, from + MOST_CHANGES)
        .map(({ nodeId, typeDefinition }) => ({ affected: nodeId, affectedType: typeDefinition }))
        .map((change) => new SemanticChangeStructureDataType(change))
      this.#raise('SemanticChangeEventType', 'Values of the plant have another meaning', structures)
      yield
    }
  }

  #note(node: Node, verb: number): void {
    const key = node.nodeId.toString()
    const change = this.#changes.get(key)
    if (change) change.verb |= verb
    else this.#changes.set(key, { node: node.nodeId, type: typeOf(node), verb })
    if ((verb & REFERENCES) !== 0 && this.#versions.has(node)) this.#touched.add(node)
  }

  /** Time makes versions that differ from those before a restart, too. */
  #raiseVersions(now: number): void {
    if (this.#touched.size === 0) return
    this.#version = Math.max(this.#version + 1, now)
    const good = this.#options.statuses.of(StatusCode.Good)
    for (const node of this.#touched) {
      const property = this.#versions.get(node)
      if (property) publish(property, DataType.String, String(this.#version), good, now)
    }
  }

  #raise(type: string, message: string, changes: ExtensionObject[]): void {
    this.#server.raiseEvent(type, {
      message: { dataType: DataType.LocalizedText, value: new LocalizedText({ text: message }) },
      severity: { dataType: DataType.UInt16, value: SEVERITY },
      changes: { dataType: DataType.ExtensionObject, arrayType: VariantArrayType.Array, value: changes },
    })
  }
}

/** Methods have no type (OPC 10000-5 §12.16: AffectedType is null then). */
const typeOf = (node: Node): NodeId =>
  node.nodeClass === NodeClass.Method ? NodeId.nullNodeId : (node as UAObject | UAVariable).typeDefinition
