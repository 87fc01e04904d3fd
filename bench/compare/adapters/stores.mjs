/** The packages that are stores and no more, under their names. */
import * as quickLru from 'quick-lru'
import * as tinyLru from 'tiny-lru'
import * as transitory from 'transitory'

export { quickLru as 'quick-lru', tinyLru as 'tiny-lru', transitory }
