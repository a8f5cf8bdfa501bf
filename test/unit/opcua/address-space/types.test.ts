import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commandStates } from '../../../../src/core/command.ts'
import { deviceStates, sourceCounters, sourceStates } from '../../../../src/core/health.ts'
import { nodesetFiles } from '../../../../src/opcua/address-space/namespaces.ts'

const nodeset = readFileSync(nodesetFiles.at(-1) ?? '', 'utf8')

const enumeration = (name: string): string[] => {
  const definition = new RegExp(`<Definition Name="1:${name}">([\\s\\S]*?)</Definition>`).exec(nodeset)?.[1] ?? ''
  return [...definition.matchAll(/Field Name="(\w+)" Value="(\d+)"/g)].map(
    ([, field, value], position) => `${field?.toLowerCase()}=${Number(value) === position}`,
  )
}

describe('Penstock.Types.NodeSet2.xml', () => {
  it('gives each NodeId once', () => {
    const ids = [...nodeset.matchAll(/^ {2}<UA\w+ NodeId="([^"]+)"/gm)].map(([, id]) => id)

    expect(ids.length).toBeGreaterThan(60)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each([
    ['SourceStateEnumeration', sourceStates],
    ['DeviceStateEnumeration', deviceStates],
    ['CommandStateEnumeration', commandStates],
  ])('has the values of %s in the order in which the gateway numbers them', (name, states) => {
    expect(enumeration(name)).toEqual(states.map((state) => `${state}=true`))
  })

  it('has every counter of a source', () => {
    for (const counter of sourceCounters)
      expect(nodeset.toLowerCase()).toContain(`browsename="1:${counter.toLowerCase()}"`)
  })
})
