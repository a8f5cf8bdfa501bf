/** What is calculated in an order in which each comes behind everything that it needs. */
export interface Order {
  readonly ids: readonly string[]
  /** What needs itself, by way of what: each chain begins and ends with the same. What depends on one is in no order. */
  readonly cycles: readonly (readonly string[])[]
}

/** `inputs`: what each needs; what is no key of it is not calculated and always there (Kahn's algorithm). */
export function inOrder(inputs: ReadonlyMap<string, readonly string[]>): Order {
  const missing = new Map<string, number>()
  const dependents = new Map<string, string[]>()
  for (const [id, needed] of inputs) {
    const own = needed.filter((each) => inputs.has(each))
    missing.set(id, own.length)
    for (const each of own) dependents.set(each, [...(dependents.get(each) ?? []), id])
  }
  const ids = [...missing].filter(([, count]) => count === 0).map(([id]) => id)
  for (let at = 0; at < ids.length; at++) {
    for (const id of dependents.get(ids[at] as string) ?? []) {
      const left = (missing.get(id) ?? 0) - 1
      missing.set(id, left)
      if (left === 0) ids.push(id)
    }
  }
  return { ids, cycles: cyclesAmong(new Set([...missing].filter(([, count]) => count > 0).map(([id]) => id)), inputs) }
}

/** Each of these needs at least one other of them, so whoever goes on from one comes to a cycle. */
function cyclesAmong(left: ReadonlySet<string>, inputs: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = []
  const seen = new Set<string>()
  for (const start of left) {
    const way = new Map<string, number>()
    let id: string | undefined = start
    while (id !== undefined && !seen.has(id) && !way.has(id)) {
      way.set(id, way.size)
      id = inputs.get(id)?.find((each) => left.has(each))
    }
    const from = id === undefined ? undefined : way.get(id)
    if (from !== undefined && id !== undefined) cycles.push([...[...way.keys()].slice(from), id])
    for (const each of way.keys()) seen.add(each)
  }
  return cycles
}
