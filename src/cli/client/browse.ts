import {
  AttributeIds,
  BrowseDirection,
  type ClientSession,
  DataType,
  NodeClass,
  NodeClassMask,
  type ReferenceDescription,
} from 'node-opcua'
import { ExitCode } from './failure.ts'
import { findNamespaces, shortenNodeId } from './node-ids.ts'
import type { ClientOptions, Output } from './options.ts'
import { withSession } from './session.ts'

/** Nodes of one request. */
const BATCH = 500

interface TreeNode {
  readonly id: string
  readonly name: string
  readonly isVariable: boolean
  readonly children: TreeNode[]
  /** Type of the value of a variable. */
  type?: string
  /** Shown in full elsewhere in the tree. */
  seen?: boolean
}

/** Prints the tree below `Objects/Penstock` and DI's DeviceSet: names, NodeIds in their shortest form, value types. */
export async function browse(options: ClientOptions, out: Output): Promise<number> {
  return withSession(options, out, async ({ session }) => {
    const namespaces = await findNamespaces(session)
    const roots = [
      { id: `ns=${namespaces.plant};s=#gateway`, name: 'Penstock' },
      { id: `ns=${namespaces.di};i=5001`, name: 'DeviceSet' },
    ].map((root): TreeNode => ({ ...root, isVariable: false, children: [] }))
    await grow(session, [...roots].reverse())
    await readTypes(session, flatten(roots))
    const print = options.json ? printJson : printText
    for (const root of roots) print(root, (id) => shortenNodeId(id, namespaces), out)
    return ExitCode.ok
  })
}

/** Level by level, so that a plant of thousands of tags costs tens of requests; each node is entered once. */
async function grow(session: ClientSession, roots: readonly TreeNode[]): Promise<void> {
  const entered = new Set(roots.map(({ id }) => id))
  for (let level: readonly TreeNode[] = roots; level.length > 0; ) {
    const next: TreeNode[] = []
    for (const batch of batches(level)) {
      const found = await childrenOf(session, batch)
      for (const [position, references] of found.entries()) {
        for (const reference of references) {
          const child = toNode(reference)
          child.seen = entered.has(child.id)
          entered.add(child.id)
          batch[position]?.children.push(child)
          if (!child.seen) next.push(child)
        }
      }
    }
    level = next
  }
}

async function childrenOf(session: ClientSession, nodes: readonly TreeNode[]): Promise<ReferenceDescription[][]> {
  const results = await session.browse(
    nodes.map(({ id }) => ({
      nodeId: id,
      browseDirection: BrowseDirection.Forward,
      referenceTypeId: 'HierarchicalReferences',
      includeSubtypes: true,
      nodeClassMask: NodeClassMask.Object | NodeClassMask.Variable,
      resultMask: 63,
    })),
  )
  const complete: ReferenceDescription[][] = []
  for (const result of results) {
    const references = [...(result.references ?? [])]
    for (let point = result.continuationPoint; point && point.length > 0; ) {
      const more = await session.browseNext(point, false)
      references.push(...(more.references ?? []))
      point = more.continuationPoint
    }
    complete.push(references)
  }
  return complete
}

const toNode = (reference: ReferenceDescription): TreeNode => ({
  id: reference.nodeId.toString(),
  name: reference.displayName.text ?? reference.browseName.name ?? '',
  isVariable: reference.nodeClass === NodeClass.Variable,
  children: [],
})

async function readTypes(session: ClientSession, nodes: readonly TreeNode[]): Promise<void> {
  const names = new Map<string, string>()
  for (const batch of batches(nodes.filter(({ isVariable }) => isVariable))) {
    const values = await session.read(batch.map(({ id }) => ({ nodeId: id, attributeId: AttributeIds.DataType })))
    for (const [position, node] of batch.entries()) {
      const type: unknown = values[position]?.value.value
      node.type = await typeName(session, String(type), names)
    }
  }
}

async function typeName(session: ClientSession, id: string, names: Map<string, string>): Promise<string> {
  const builtIn = /^(?:ns=0;)?i=(\d+)$/.exec(id)
  const name = names.get(id) ?? (builtIn ? DataType[Number(builtIn[1])] : undefined)
  if (name !== undefined) return name
  const browseName = await session.read({ nodeId: id, attributeId: AttributeIds.BrowseName })
  const read = (browseName.value.value as { name?: string } | null)?.name ?? id
  names.set(id, read)
  return read
}

function printText(root: TreeNode, shorten: (id: string) => string, out: Output, depth = 0): void {
  const parts = [`${'  '.repeat(depth)}${root.name}`, shorten(root.id)]
  if (root.type !== undefined) parts.push(root.type)
  if (root.seen === true) parts.push('(see DeviceSet)')
  out.line(parts.join('  '))
  for (const child of root.children) printText(child, shorten, out, depth + 1)
}

function printJson(root: TreeNode, shorten: (id: string) => string, out: Output, path = ''): void {
  const here = `${path}/${root.name}`
  if (root.seen !== true) {
    out.line(JSON.stringify({ path: here, id: shorten(root.id), nodeId: root.id, type: root.type ?? null }))
  }
  for (const child of root.children) printJson(child, shorten, out, here)
}

const flatten = (nodes: readonly TreeNode[]): TreeNode[] => nodes.flatMap((node) => [node, ...flatten(node.children)])

function* batches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += BATCH) yield items.slice(from, from + BATCH)
}
