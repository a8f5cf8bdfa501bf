/**
 * The longest that `work`, done so many times, keeps all other work of this thread from its turn: milliseconds of
 * processor time, so that it is no longer where the machine does something else meanwhile.
 */
export async function longestTurn(work: () => Promise<unknown>, times = 1): Promise<number> {
  let longest = 0
  let last = spent()
  let ended = false
  const look = () => {
    const now = spent()
    longest = Math.max(longest, now - last)
    last = now
    if (!ended) setImmediate(look)
  }
  setImmediate(look)
  for (let time = 0; time < times; time++) await work()
  look()
  ended = true
  return longest
}

/** Processor time of this thread. */
function spent(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
