import { type ClientSession, VariableIds } from 'node-opcua'
import { DI_URI, PLANT_URI } from '../../opcua/address-space/namespaces.ts'
import { ClientFailure, ExitCode } from './failure.ts'

/** The namespaces of one server, by their indexes there. */
export interface PlantNamespaces {
  readonly plant: number
  readonly di: number
}

/** Asks the server for its namespaces. Throws ClientFailure (unknownNode) when it is no Penstock gateway. */
export async function findNamespaces(session: ClientSession): Promise<PlantNamespaces> {
  const array = await session.readVariableValue(`i=${VariableIds.Server_NamespaceArray}`)
  const uris: unknown = array.value.value
  const indexOf = (uri: string) => (Array.isArray(uris) ? uris.indexOf(uri) : -1)
  const [plant, di] = [indexOf(PLANT_URI), indexOf(DI_URI)]
  if (plant < 0 || di < 0) {
    throw new ClientFailure(
      ExitCode.unknownNode,
      `This server is no Penstock gateway: it has no namespace ${PLANT_URI}`,
    )
  }
  return { plant, di }
}

const fullNodeId = /^(ns=\d+;)?[isgb]=./

/** A NodeId as it stands, or `device/tag` as the NodeId of that tag. */
export const expandNodeId = (text: string, { plant }: PlantNamespaces): string =>
  fullNodeId.test(text) ? text : `ns=${plant};s=${text}`

/** The shortest form that `expandNodeId` understands. */
export function shortenNodeId(nodeId: string, { plant }: PlantNamespaces): string {
  const prefix = `ns=${plant};s=`
  return nodeId.startsWith(prefix) ? nodeId.slice(prefix.length) : nodeId
}

/** Whether a node of the plant's namespace is a tag: properties and states have a `#`, devices no `/`. */
export const isTagId = (identifier: string): boolean => identifier.includes('/') && !identifier.includes('#')
