import type { YAMLError } from 'yaml'

interface Fault {
  readonly message: string
  readonly mend: string
}

const bracketsOrQuotes: Fault = {
  message: 'Something is not closed, or a ":", a comma or a space is missing here or just before.',
  mend: 'Look for an open quote or bracket and for a missing space after ":" or "-".',
}
const misplaced: Fault = {
  message: 'This is not valid YAML here.',
  mend: 'Look at this line and the one before: indentation, quotes, brackets and the space after ":" and "-".',
}
const badKey: Fault = {
  message: 'The name of a setting must be short text on one line, followed by ": ".',
  mend: 'Put long text behind the ":", in quotes where it holds ": " itself.',
}
const badAnchor: Fault = {
  message: 'An anchor (&name) or reference (*name) is misplaced or has no name.',
  mend: 'Write &name before the first use of a block and *name where it is used again.',
}
const tag: Fault = {
  message: 'A tag (!name) has no meaning here.',
  mend: 'Remove it; put text that begins with "!" into quotes.',
}

/** In our words: the parser's own quote the file, and so could show a secret. */
const faults: Readonly<Record<YAMLError['code'], Fault>> = {
  ALIAS_PROPS: badAnchor,
  BAD_ALIAS: badAnchor,
  MULTIPLE_ANCHORS: badAnchor,
  BAD_PROP_ORDER: badAnchor,
  BAD_COLLECTION_TYPE: tag,
  MULTIPLE_TAGS: tag,
  TAG_RESOLVE_FAILED: tag,
  BAD_DIRECTIVE: { message: 'Lines that begin with "%" have no meaning here.', mend: 'Remove it.' },
  BAD_DQ_ESCAPE: {
    message: 'A backslash in double quotes begins an escape, and this one is none.',
    mend: 'Use single quotes, or write \\\\ for a backslash.',
  },
  BAD_INDENT: {
    message: 'The indentation does not fit: settings of one group begin in the same column.',
    mend: 'Indent with two spaces for each level, as the lines around it are.',
  },
  BAD_SCALAR_START: {
    message: 'Text without quotes cannot begin with this character.',
    mend: 'Put the text into quotes.',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'A line can have one "name: value" only.',
    mend: 'Put text that holds ": " into quotes, or begin a new line.',
  },
  BLOCK_IN_FLOW: {
    message: 'Indented settings cannot stand within { } or [ ].',
    mend: 'Close the bracket first, or write all of it in brackets.',
  },
  DUPLICATE_KEY: { message: 'This setting is there twice.', mend: 'Remove one of the two.' },
  IMPOSSIBLE: misplaced,
  UNEXPECTED_TOKEN: misplaced,
  KEY_OVER_1024_CHARS: badKey,
  MULTILINE_IMPLICIT_KEY: badKey,
  NON_STRING_KEY: badKey,
  MISSING_CHAR: bracketsOrQuotes,
  MULTIPLE_DOCS: {
    message: 'The file holds a second document, after "---" or "...".',
    mend: 'Keep one document in the file.',
  },
  RESOURCE_EXHAUSTION: { message: 'The settings are nested too deeply.', mend: 'Remove the nesting.' },
  TAB_AS_INDENT: { message: 'YAML does not allow tabs as indentation.', mend: 'Use spaces, two for each level.' },
}

export const faultOf = (error: YAMLError): Fault => faults[error.code]
