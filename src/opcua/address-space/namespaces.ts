import { fileURLToPath } from 'node:url'
import { type AddressSpace, type INamespace, type Namespace, nodesets } from 'node-opcua'
import { PenstockError } from '../../core/errors.ts'

export const TYPES_URI = 'urn:penstock:types'
export const PLANT_URI = 'urn:penstock:plant'
export const DI_URI = 'http://opcfoundation.org/UA/DI/'

/** The NodeSet2 documents that the server loads, in the order that gives their namespaces their indexes. */
export const nodesetFiles: readonly string[] = [
  nodesets.standard,
  nodesets.di,
  // The same step up and down from src/opcua/address-space and from dist/opcua/address-space.
  fileURLToPath(new URL('../../../addressspace/Penstock.Types.NodeSet2.xml', import.meta.url)),
]

export interface Namespaces {
  /** 2: OPC UA for Devices. */
  readonly di: INamespace
  /** 3: Penstock's own types. */
  readonly types: INamespace
  /** 4: the plant. */
  readonly plant: Namespace
}

/**
 * Namespace indexes stand in the NodeIds that clients have stored, so they must never change:
 * 0 OPC UA, 1 this server, 2 DI, 3 Penstock's types, 4 the plant. New namespaces go behind.
 */
export function establishNamespaces(addressSpace: AddressSpace): Namespaces {
  const plant = addressSpace.registerNamespace(PLANT_URI)
  const expected = [DI_URI, TYPES_URI, PLANT_URI]
  const found = addressSpace.getNamespaceArray().map(({ namespaceUri }) => namespaceUri)
  if (expected.some((uri, position) => found[position + 2] !== uri)) {
    throw new PenstockError(
      'PROTOCOL_VIOLATION',
      `The OPC UA namespaces are in another order than clients rely on: ${found.join(', ')}`,
    )
  }
  return {
    di: addressSpace.getNamespace(DI_URI),
    types: addressSpace.getNamespace(TYPES_URI),
    plant,
  }
}
