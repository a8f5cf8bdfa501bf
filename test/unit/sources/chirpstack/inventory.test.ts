import { describe, expect, it } from 'vitest'
import { readInventory } from '../../../../src/sources/chirpstack/inventory.ts'
import type { ListedApplication, ListedDevice, Page } from '../../../../src/sources/chirpstack/listed.ts'

const device = (devEui: string): ListedDevice => ({
  devEui,
  profileId: 'p',
  lastSeenAt: undefined,
  name: devEui,
  description: '',
  profileName: 'P',
  status: undefined,
  tags: {},
  updatedAt: undefined,
})
const application = (id: string): ListedApplication => ({ id, name: id, description: '' })
const number = (n: number) => n.toString(16).padStart(16, '0')

/** Lists `rows` two at a time; `between` runs before each page. */
const pagesOf =
  <Row>(rows: Row[], between: () => void = () => undefined) =>
  async (offset: number): Promise<Page<Row>> => {
    between()
    return { total: rows.length, rows: rows.slice(offset, offset + 2) }
  }

describe('the inventory of a tenant', () => {
  it('has the devices of all applications, from all pages', async () => {
    const applications = pagesOf(['a', 'b', 'c'].map(application))
    const devices: Record<string, ListedDevice[]> = {
      a: [device(number(1)), device(number(2)), device(number(3))],
      b: [],
      c: [device(number(4))],
    }
    const inventory = await readInventory(
      {
        applications: (_, offset) => applications(offset),
        devices: (application, offset) => pagesOf(devices[application] ?? [])(offset),
      },
      't',
    )
    expect([...inventory.keys()]).toEqual([1, 2, 3, 4].map(number))
  })

  it('does not miss a device because another was deleted between two pages', async () => {
    const rows = [1, 2, 3, 4, 5].map((n) => device(number(n)))
    let pages = 0
    const list = pagesOf(rows, () => {
      pages++
      if (pages === 2) rows.shift()
    })
    const inventory = await readInventory(
      { applications: async () => ({ total: 1, rows: [application('a')] }), devices: (_, offset) => list(offset) },
      't',
    )
    expect([...inventory.keys()]).toEqual([2, 3, 4, 5].map(number))
  })

  it('that never comes to rest is not believed', async () => {
    const rows = [1, 2, 3].map((n) => device(number(n)))
    const list = pagesOf(rows, () => rows.push(device(number(rows.length + 1))))
    const api = {
      applications: async () => ({ total: 1, rows: [application('a')] }),
      devices: (_: string, offset: number) => list(offset),
    }
    await expect(readInventory(api, 't')).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
  })
})
