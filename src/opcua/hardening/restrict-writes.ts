import {
  AccessLevelFlag,
  AttributeIds,
  type BaseNode,
  DataType,
  type DataValue,
  NodeClass,
  type NumericRange,
  type StatusCode,
  StatusCodes,
  type UAVariable,
  VariantArrayType,
} from 'node-opcua'
import type { SessionContextInternals } from './monitored-item.ts'
import { ownerOf, patchMethod } from './patch-method.ts'

const FIX = 'restrict writes'

interface Written {
  readonly attributeId: AttributeIds
  readonly value: DataValue
  readonly indexRange: NumericRange
}

type Callback = (error: null, status: StatusCode) => void

/**
 * node-opcua enforces a node's AccessRestrictions (OPC 10000-3 §5.2.11) on Read but not on Write: a node that demands
 * encryption was written over a plain channel. It also says BadUserAccessDenied of what nobody at all can write
 * (OPC 10000-4 §5.11.4.4). `anyVariable` and `anyNode` only lead to the prototypes that all variables and nodes share.
 */
export function restrictWrites(anyVariable: UAVariable, anyNode: BaseNode): void {
  for (const prototype of [ownerOf(anyVariable, 'writeAttribute', FIX), ownerOf(anyNode, 'writeAttribute', FIX)]) {
    patchMethod(prototype, 'writeAttribute', FIX, (original) => {
      return function (
        this: BaseNode,
        context: SessionContextInternals | null,
        writeValue: Written,
        callback?: Callback,
      ) {
        const refusal = refusalOf(this, context, writeValue)
        if (!refusal) return original.call(this, context, writeValue, callback)
        if (!callback) return Promise.resolve(refusal)
        callback(null, refusal)
        return undefined
      }
    })
  }
}

function refusalOf(node: BaseNode, context: SessionContextInternals | null, written: Written): StatusCode | undefined {
  const { attributeId } = written
  if (context?.isAccessRestricted(node)) return StatusCodes.BadSecurityModeInsufficient
  if (attributeId === AttributeIds.Value && node.nodeClass === NodeClass.Variable) {
    return refusalOfValue(node as UAVariable, written)
  }
  const isThere = node.readAttribute(null, attributeId).statusCode !== StatusCodes.BadAttributeIdInvalid
  return isThere ? StatusCodes.BadNotWritable : StatusCodes.BadAttributeIdInvalid
}

/** OPC 10000-4 §5.11.4.2: a server that cannot write status and timestamps refuses the whole value. */
function refusalOfValue(variable: UAVariable, { value, indexRange }: Written): StatusCode | undefined {
  const { accessLevel, valueRank } = variable
  if (!(accessLevel & AccessLevelFlag.CurrentWrite)) return StatusCodes.BadNotWritable
  const writesStatus = value.statusCode.value !== StatusCodes.Good.value
  if (writesStatus && !(accessLevel & AccessLevelFlag.StatusWrite)) return StatusCodes.BadWriteNotSupported
  const writesTime = Boolean(value.sourceTimestamp ?? value.serverTimestamp)
  if (writesTime && !(accessLevel & AccessLevelFlag.TimestampWrite)) return StatusCodes.BadWriteNotSupported
  // A ByteString is an array of Byte, too (OPC 10000-3 §8.8).
  const isBytes = value.value?.dataType === DataType.ByteString && isOfByte(variable)
  const isArray = value.value && (isBytes || value.value.arrayType !== VariantArrayType.Scalar)
  // node-opcua does not compare the ranks; with a range, what is written is a part.
  const isOtherRank = (valueRank === -1 && isArray) || (valueRank >= 1 && !isArray && !indexRange.isDefined())
  return isOtherRank ? StatusCodes.BadTypeMismatch : undefined
}

const isOfByte = ({ dataType }: UAVariable): boolean => dataType.namespace === 0 && dataType.value === DataType.Byte
