import { types } from 'node:util'
import { show } from './check.ts'
import { KeyError } from './errors.ts'

/** Where a walk through a value is: what it went into, and the part of it that it looks at. */
export interface Place {
  /** What this is inside of; `undefined` for the list of arguments. */
  readonly outer: Place | undefined
  readonly container: object
  /** How many containers this is inside of. */
  readonly depth: number
  /**
   * The name of a property, the index of an element or a member, `undefined` before the first. In a Map, keys have the
   * even indices and what they lead to the odd ones.
   */
  part: string | number | undefined
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,39}$/u
const shortIndex = /^\d{1,15}$/

/** The step to a property, as it stands in a path. */
export function propertyStep(name: string): string {
  return identifier.test(name) ? `.${name}` : `[${shortIndex.test(name) ? name : show(name)}]`
}

/** The step from a container to its part, as it stands in a path. */
function stepText({ container, part }: Place): string {
  if (part === undefined) return ''
  if (typeof part === 'string') return propertyStep(part)
  if (types.isSet(container)) return `.values()[${part}]`
  if (types.isMap(container)) {
    const index = part >> 1
    if (part % 2 === 0) return `.keys()[${index}]`
    const key: unknown = [...Map.prototype.keys.call(container)][index]
    return typeof key === 'object' ? `.values()[${index}]` : `.get(${show(key)})`
  }
  return `[${part}]`
}

/**
 * Why a value has no key, as an error that names the way to it.
 *
 * A value that holds itself has no end, so it is refused for what else it seems to be: too deep, or too much. That is
 * looked into only here.
 *
 * @param nameOf what the part of the outermost place is called
 * @param last where the walk ended, `undefined` when it has come to its end
 * @param whole whether it is not the part at that place that is refused, but all of the outermost part
 */
export function keyRefused(
  nameOf: (index: number) => string,
  last: Place | undefined,
  reason: string,
  whole: boolean,
  cause: unknown,
): KeyError {
  const places: Place[] = []
  for (let place = last; place !== undefined; place = place.outer) places.unshift(place)
  const list = places.shift()
  const root = list === undefined ? 'the key' : nameOf(list.part as number)
  const pathTo = (end?: number): string => places.slice(0, end).reduce((path, step) => path + stepText(step), root)

  const containers = places.map((step) => step.container)
  const again = containers.findIndex((container, index) => containers.indexOf(container) < index)
  const sentence =
    again >= 0
      ? `${pathTo(again)} is cyclic: it is ${pathTo(containers.indexOf(containers[again]!))} again`
      : `${whole ? root : pathTo()} ${reason}`
  const message = `${sentence}: pass a key function that makes a key of what matters`
  return new KeyError(message, cause === undefined ? undefined : { cause })
}
