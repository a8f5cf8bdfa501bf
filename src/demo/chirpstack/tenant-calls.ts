import tenantPb, {
  type GetTenantRequest,
  type GetTenantResponse,
  type ListTenantsRequest,
  type ListTenantsResponse,
} from '@chirpstack/chirpstack-api/api/tenant_pb.js'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import { compare, doesNotExist, matches, pageOf, parseUuid } from './paging.ts'

/** A tenant's own key can read it, and an administrator's. */
export function getTenant(directory: Directory, request: GetTenantRequest, demand: Demand): GetTenantResponse {
  const id = parseUuid(request.getId())
  demand(id)
  const found = directory.tenants.get(id)
  if (!found) throw doesNotExist(id)
  const tenant = new tenantPb.Tenant()
  tenant.setId(found.id)
  tenant.setName(found.name)
  tenant.setDescription(found.description)
  tenant.setCanHaveGateways(true)
  const response = new tenantPb.GetTenantResponse()
  response.setTenant(tenant)
  return response
}

/** All tenants by name: only for an administrator's key. */
export function listTenants(directory: Directory, request: ListTenantsRequest, demand: Demand): ListTenantsResponse {
  demand(undefined)
  const all = [...directory.tenants.values()]
    .filter(({ name }) => matches(request, name))
    .sort((a, b) => compare(a.name, b.name))
  const response = new tenantPb.ListTenantsResponse()
  response.setTotalCount(all.length)
  for (const { id, name } of pageOf(all, request)) {
    const row = new tenantPb.TenantListItem()
    row.setId(id)
    row.setName(name)
    row.setCanHaveGateways(true)
    response.addResult(row)
  }
  return response
}
