/**
 * Loaded by mocha before all tests: a promise that is rejected and that nobody handles fails the run, in whichever
 * test, hook or pause between them it happens. Left alone, mocha swallows it. Thrown from here it becomes an uncaught
 * exception, which mocha reports, or, when the last test is over, ends the process with a code other than 0.
 */
process.on('unhandledRejection', (reason) => {
  throw reason instanceof Error
    ? reason
    : new Error('a promise was rejected with a value that is no Error', { cause: reason })
})

export const mochaHooks = {
  /** Gives what the last test left behind one more turn in which to be caught, and counted. */
  async afterAll(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  },
}
