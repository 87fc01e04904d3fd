import Mocha from 'mocha'

/**
 * The spec reporter with one more line at its end, alone on its line and the same in every run, for tools to read:
 * `12 passed, 0 failed`, and `, 3 skipped` behind it where tests were skipped.
 *
 * Not TypeScript because mocha loads a reporter with `require`, which the loader for TypeScript does not see.
 */
export default class SummaryReporter extends Mocha.reporters.Spec {
  epilogue() {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    const skipped = pending > 0 ? `, ${pending} skipped` : ''
    process.stdout.write(`${passes} passed, ${failures} failed${skipped}\n`)
  }
}
