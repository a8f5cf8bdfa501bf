import { PenstockError } from '../../core/errors.ts'
import type { ChirpStackApi } from './api.ts'
import type { ListedDevice, Page } from './listed.ts'

/** The devices of a tenant, by DevEUI. */
export type Inventory = ReadonlyMap<string, ListedDevice>

/** Listings of one list before it counts as too busy to read. */
const ATTEMPTS = 4

/**
 * Lists the tenant's devices, application by application. A list that changes between two of its pages is listed
 * again: with offsets a row would be skipped. Rejects as the calls do, or with PROTOCOL_VIOLATION where a list never
 * comes to rest.
 */
export async function readInventory(
  api: Pick<ChirpStackApi, 'applications' | 'devices'>,
  tenantId: string,
): Promise<Inventory> {
  const applications = await listAll(
    (offset) => api.applications(tenantId, offset),
    ({ id }) => id,
  )
  const inventory = new Map<string, ListedDevice>()
  for (const { id: application } of applications) {
    const devices = await listAll(
      (offset) => api.devices(application, offset),
      ({ devEui }) => devEui,
    )
    for (const device of devices) inventory.set(device.devEui.toLowerCase(), device)
  }
  return inventory
}

/** All pages of a list, by `keyOf`; rejects as `readInventory` does. */
export async function listAll<Row>(
  page: (offset: number) => Promise<Page<Row>>,
  keyOf: (row: Row) => string,
): Promise<readonly Row[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const rows = await listOnce(page, keyOf)
    if (rows) return rows
  }
  throw new PenstockError(
    'PROTOCOL_VIOLATION',
    'A list of applications, devices or gateways changed each time while it was read',
  )
}

/** Undefined where the pages do not fit together. */
async function listOnce<Row>(
  page: (offset: number) => Promise<Page<Row>>,
  keyOf: (row: Row) => string,
): Promise<readonly Row[] | undefined> {
  const rows = new Map<string, Row>()
  let read = 0
  let total: number | undefined
  for (;;) {
    const next = await page(read)
    if (total !== undefined && next.total !== total) return undefined
    total = next.total
    for (const row of next.rows) rows.set(keyOf(row), row)
    read += next.rows.length
    if (read >= total || next.rows.length === 0) break
  }
  return rows.size === total ? [...rows.values()] : undefined
}
