/** The longest time, in milliseconds, for which no other work of this thread came to its turn while `work` went on. */
export async function longestTurn(work: () => Promise<unknown>, times = 1): Promise<number> {
  let longest = 0
  let last = performance.now()
  let ended = false
  const look = () => {
    const now = performance.now()
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
