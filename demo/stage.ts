import { inspect, isDeepStrictEqual, styleText } from 'node:util'
import { align, screenWidth, wrap } from './text.ts'

/** A colour or a weight of text. */
export type Style = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow'

const indent = '   '

/** Where the demo is shown: headings, prose, rows, and claims, which are checked and counted as they are made. */
export class Stage {
  readonly #write: (text: string) => unknown
  readonly #coloured: boolean
  #chapters = 0
  #claims = 0
  #held = 0

  constructor(write: (text: string) => unknown, coloured: boolean) {
    this.#write = write
    this.#coloured = coloured
  }

  /** What the process should end with: 0 when claims were made and all of them held. */
  get exitCode(): 0 | 1 {
    return this.#claims > 0 && this.#held === this.#claims ? 0 : 1
  }

  /** The text in a style, or as it is where there are no colours. */
  paint(style: Style, text: string): string {
    // Whether there are colours has been decided; without the option, newer versions of Node decide again.
    return this.#coloured ? styleText(style, text, { validateStream: false }) : text
  }

  /** Begins the next chapter, with what it is about. */
  chapter(title: string, about: string): void {
    this.#line(`\n${this.paint('bold', `${++this.#chapters}. ${title}`)}`)
    this.say(about)
  }

  /** Tells something in words, with an empty line behind it. */
  say(text: string): void {
    for (const line of wrap(text, screenWidth - indent.length)) this.show(this.paint('dim', line))
    this.show()
  }

  /** Shows one line, as it is. */
  show(text = ''): void {
    this.#line(indent + text)
  }

  /** Gives a function that shows rows of cells in columns of these widths; a negative one aligns to the right. */
  table(...widths: number[]): (...cells: string[]) => void {
    return (...cells) => this.show(align(widths, cells))
  }

  /** Says that something is so, which it is if `actual` deeply equals `expected`, and counts whether it is. */
  claim(text: string, actual: unknown, expected: unknown = true): void {
    const holds = isDeepStrictEqual(actual, expected)
    this.#claims++
    if (holds) this.#held++
    const mark = holds ? this.paint('green', '✓') : this.paint('red', '✗')
    wrap(text, screenWidth - indent.length - 2).forEach((line, i) => this.show(`${i === 0 ? mark : ' '} ${line}`))
    if (holds) return
    const was = inspect(actual, { breakLength: Infinity, compact: true, maxStringLength: 60 })
    this.show(this.paint('red', `  it was ${was}`.slice(0, screenWidth - indent.length)))
  }

  /** Says how many claims held. */
  summary(): void {
    const style = this.exitCode === 0 ? 'green' : 'red'
    this.#line(`\n${this.paint(style, `${this.#held} of ${this.#claims} claims held`)}`)
  }

  #line(text: string): void {
    this.#write(`${text.trimEnd()}\n`)
  }
}
