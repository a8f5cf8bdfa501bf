import { type BrowsePath, BrowsePathResult, BrowseResult, type OPCUAServer, StatusCodes } from 'node-opcua'
import { ownerOf, patchMethod } from '../hardening/patch-method.ts'
import { FairTurns } from './fair-turns.ts'

/** Elements of one RelativePath that are followed: nothing in an address space of ours lies as deep. */
export const MOST_PATH_ELEMENTS = 64
/** References that one Browse collects in all: more would not fit into a message of the transport. */
export const MOST_REFERENCES = 20_000
/** References found in one slice; each costs a look at the permissions of its target. */
const REFERENCES_A_SLICE = 200
const PATH_ELEMENTS_A_SLICE = 256

type Browse = (node: unknown) => Promise<BrowseResult>

/**
 * node-opcua browses all nodes of a request, and follows all of its paths, in one go: a request of a few kilobytes held
 * up every client for most of a minute. Here it is done in slices, and few at a time hold much. Nodes beyond what fits
 * into a response are BadResponseTooLarge; a path so long that only its work can be meant is BadQueryTooComplex
 * (OPC 10000-4 §5.9.4.4).
 */
export function sliceWork({ engine }: OPCUAServer): void {
  const turns = new FairTurns()
  patchMethod(ownerOf(engine, 'browse', 'slice Browse'), 'browse', 'slice Browse', (original) => {
    return async function (this: object, context: unknown, nodes: readonly unknown[]) {
      const browseOne: Browse = async (node) => (await original.call(this, context, [node]))[0]
      if (turns.isBusy) await turns.take()
      const results: BrowseResult[] = []
      await browseUntil(REFERENCES_A_SLICE, nodes, results, browseOne)
      if (results.length === nodes.length) return results
      await turns.enter()
      try {
        for (let found = REFERENCES_A_SLICE; results.length < nodes.length && found < MOST_REFERENCES; ) {
          await turns.take()
          found += await browseUntil(REFERENCES_A_SLICE, nodes, results, browseOne)
        }
      } finally {
        turns.leave()
      }
      while (results.length < nodes.length)
        results.push(new BrowseResult({ statusCode: StatusCodes.BadResponseTooLarge }))
      return results
    }
  })
  patchMethod(
    ownerOf(engine, 'translateBrowsePath', 'slice paths'),
    'translateBrowsePath',
    'slice paths',
    (original) => {
      let left = PATH_ELEMENTS_A_SLICE
      return async function (this: object, path: BrowsePath): Promise<BrowsePathResult> {
        const length = path.relativePath.elements?.length ?? 0
        if (length > MOST_PATH_ELEMENTS) return new BrowsePathResult({ statusCode: StatusCodes.BadQueryTooComplex })
        left -= 1 + length
        if (left <= 0 || turns.isBusy) {
          await turns.take()
          left = PATH_ELEMENTS_A_SLICE
        }
        return original.call(this, path)
      }
    },
  )
}

/** Adds results until all nodes are browsed or `most` references are found, and says how many were. */
async function browseUntil(
  most: number,
  nodes: readonly unknown[],
  results: BrowseResult[],
  browseOne: Browse,
): Promise<number> {
  let found = 0
  while (found < most && results.length < nodes.length) {
    const result = await browseOne(nodes[results.length])
    results.push(result)
    found += 1 + (result.references?.length ?? 0)
  }
  return found
}
