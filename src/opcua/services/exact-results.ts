import {
  type BrowsePath,
  BrowsePathResult,
  type CallMethodResultOptions,
  type OPCUAServer,
  StatusCodes,
} from 'node-opcua'
import { ownerOf, patchMethod } from '../hardening/patch-method.ts'

/** Elements of one RelativePath that are followed: nothing in an address space of ours lies as deep. */
export const MOST_PATH_ELEMENTS = 64

/**
 * Results of node-opcua's engine as OPC 10000-4 wants them: a path so long that only its work can be meant is
 * BadQueryTooComplex (§5.9.4.4), and a Call lists results of its arguments only where one is invalid (§5.12.2.2).
 */
export function correctResults({ engine }: OPCUAServer): void {
  patchMethod(
    ownerOf(engine, 'translateBrowsePath', 'limit browse paths'),
    'translateBrowsePath',
    'limit browse paths',
    (original) => {
      return function (this: object, path: BrowsePath) {
        const length = path.relativePath.elements?.length ?? 0
        if (length <= MOST_PATH_ELEMENTS) return original.call(this, path)
        return Promise.resolve(new BrowsePathResult({ statusCode: StatusCodes.BadQueryTooComplex }))
      }
    },
  )
  patchMethod(ownerOf(engine, 'call', 'argument results'), 'call', 'argument results', (original) => {
    return async function (this: object, ...parameters: unknown[]) {
      const results: CallMethodResultOptions[] = await original.apply(this, parameters)
      return results.map((result) =>
        result.statusCode === StatusCodes.BadInvalidArgument ? result : { ...result, inputArgumentResults: [] },
      )
    }
  })
}
