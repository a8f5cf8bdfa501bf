import { AttributeIds, DataType, NodeClass, NodeClassMask, type ReferenceDescription } from 'node-opcua'
import { ExitCode } from './failure.ts'
import { findNamespaces, shortenNodeId } from './node-ids.ts'
import type { ClientOptions, Output } from './options.ts'
import type { Requests } from './requests.ts'
import { withSession } from './session.ts'

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
  return withSession(options, out, async ({ session, requests }) => {
    const namespaces = await findNamespaces(session)
    const roots = [
      { id: `ns=${namespaces.plant};s=#gateway`, name: 'Penstock' },
      { id: `ns=${namespaces.di};i=5001`, name: 'DeviceSet' },
    ].map((root): TreeNode => ({ ...root, isVariable: false, children: [] }))
    await grow(requests, [...roots].reverse())
    await readTypes(requests, flatten(roots))
    const print = options.json ? printJson : printText
    for (const root of roots) print(root, (id) => shortenNodeId(id, namespaces), out)
    return ExitCode.ok
  })
}

/** Level by level, so that a plant of thousands of tags costs tens of requests; each node is entered once. */
async function grow(requests: Requests, roots: readonly TreeNode[]): Promise<void> {
  const entered = new Set(roots.map(({ id }) => id))
  for (let level: readonly TreeNode[] = roots; level.length > 0; ) {
    const next: TreeNode[] = []
    const ids = level.map(({ id }) => id)
    for (const [position, references] of (await requests.childrenOf(ids, shown)).entries()) {
      for (const reference of references) {
        const child = toNode(reference)
        child.seen = entered.has(child.id)
        entered.add(child.id)
        level[position]?.children.push(child)
        if (!child.seen) next.push(child)
      }
    }
    level = next
  }
}

const shown = {
  referenceTypeId: 'HierarchicalReferences',
  nodeClassMask: NodeClassMask.Object | NodeClassMask.Variable,
}

const toNode = (reference: ReferenceDescription): TreeNode => ({
  id: reference.nodeId.toString(),
  name: reference.displayName.text ?? reference.browseName.name ?? '',
  isVariable: reference.nodeClass === NodeClass.Variable,
  children: [],
})

async function readTypes(requests: Requests, nodes: readonly TreeNode[]): Promise<void> {
  const variables = nodes.filter(({ isVariable }) => isVariable)
  const attributes = variables.map(({ id }) => ({ nodeId: id, attributeId: AttributeIds.DataType }))
  const types = (await requests.read(attributes)).map(({ value }) => String(value.value as unknown))
  const names = await typeNames(requests, [...new Set(types)])
  for (const [position, node] of variables.entries()) node.type = names.get(types[position] ?? '') ?? '-'
}

/** By NodeId: a built-in type's own name, the BrowseName of another. */
async function typeNames(requests: Requests, ids: readonly string[]): Promise<Map<string, string>> {
  const builtIn = (id: string) => DataType[Number(/^(?:ns=0;)?i=(\d+)$/.exec(id)?.[1])]
  const others = ids.filter((id) => builtIn(id) === undefined)
  const read = await requests.read(others.map((id) => ({ nodeId: id, attributeId: AttributeIds.BrowseName })))
  const names = new Map(ids.map((id) => [id, builtIn(id) ?? id]))
  for (const [position, id] of others.entries()) {
    const { name } = (read[position]?.value.value as { name?: string } | null) ?? {}
    if (name !== undefined) names.set(id, name)
  }
  return names
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
