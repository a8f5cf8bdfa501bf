import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AddressSpace, generateAddressSpace } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { commandStates } from '../../../../src/core/command.ts'
import { deviceStates, sourceCounters, sourceStates } from '../../../../src/core/health.ts'
import { sinkStates } from '../../../../src/core/sink.ts'
import { nodesetFiles } from '../../../../src/opcua/address-space/namespaces.ts'

const path = nodesetFiles.at(-1) ?? ''
const nodeset = readFileSync(path, 'utf8')
const packageOf = (name: string) => new URL(`../../../../node_modules/${name}/`, import.meta.url)

const enumeration = (name: string): string[] => {
  const definition = new RegExp(`<Definition Name="1:${name}">([\\s\\S]*?)</Definition>`).exec(nodeset)?.[1] ?? ''
  return [...definition.matchAll(/Field Name="(\w+)" Value="(\d+)"/g)].map(
    ([, field, value], position) => `${field?.toLowerCase()}=${Number(value) === position}`,
  )
}

/** NodeIds of the document that stand in `pattern`, as the gateway numbers their namespaces: 2 is DI, 3 is Penstock's. */
function idsIn(pattern: RegExp): string[] {
  const aliases = new Map([...nodeset.matchAll(/<Alias Alias="(\w+)">([^<]+)</g)].map(([, name, id]) => [name, id]))
  return [...new Set([...nodeset.matchAll(pattern)].map(([, id]) => aliases.get(id) ?? id ?? ''))].map((id) =>
    id.replace(/^ns=1;/, 'ns=3;'),
  )
}

describe('Penstock.Types.NodeSet2.xml', () => {
  it('is valid by the schema of OPC UA NodeSets (OPC 10000-6 annex F)', () => {
    const schema = fileURLToPath(new URL('nodesets/UANodeSet.xsd', packageOf('node-opcua-nodesets')))
    const script = fileURLToPath(new URL('../../../support/validate_xml.py', import.meta.url))
    const { status, stderr } = spawnSync('/usr/bin/python3', [script, schema, path], { encoding: 'utf8' })

    expect([status, stderr]).toEqual([0, ''])
  })

  it('refers only to nodes that are there, beside the base types and DI', async () => {
    const addressSpace = AddressSpace.create()
    addressSpace.registerNamespace('urn:penstock:gateway:test')
    await generateAddressSpace(addressSpace, [...nodesetFiles])

    const referred = idsIn(/(?:<Reference [^>]*>([^<]+)<)/g)
    const named = idsIn(/(?:ReferenceType|DataType|ParentNodeId)="([^"]+)"/g)
    expect(referred.length).toBeGreaterThan(80)
    expect([...referred, ...named].filter((id) => addressSpace.findNode(id) === null)).toEqual([])
    addressSpace.dispose()
  })

  it('gives each NodeId once', () => {
    const ids = [...nodeset.matchAll(/^ {2}<UA\w+ NodeId="([^"]+)"/gm)].map(([, id]) => id)

    expect(ids.length).toBeGreaterThan(60)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each([
    ['SourceStateEnumeration', sourceStates],
    ['DeviceStateEnumeration', deviceStates],
    ['SinkStateEnumeration', sinkStates],
    ['CommandStateEnumeration', commandStates],
  ])('has the values of %s in the order in which the gateway numbers them', (name, states) => {
    expect(enumeration(name)).toEqual(states.map((state) => `${state}=true`))
  })

  it('has every counter of a source', () => {
    for (const counter of sourceCounters)
      expect(nodeset.toLowerCase()).toContain(`browsename="1:${counter.toLowerCase()}"`)
  })
})
