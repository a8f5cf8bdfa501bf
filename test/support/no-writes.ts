const refuse = () => {
  throw new Error('Nothing is written in this test')
}

const beSilent = () => {
  throw new Error('No device says what it is in this test')
}

/** For field devices in memory that are only read. */
export const noWrites = { planWrite: refuse, write: refuse, ask: beSilent, identify: beSilent }
