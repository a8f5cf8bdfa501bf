/** Memory of a CPU that can be read: data blocks, bit memory, process image, peripheral inputs, timers and counters. */
export type S7Area = 'DB' | 'M' | 'I' | 'Q' | 'PI' | 'T' | 'C'

/** How a request names the area; of timers and counters also the size of an element. */
export const areaCodes: Readonly<Record<S7Area, number>> = {
  PI: 0x80,
  I: 0x81,
  Q: 0x82,
  M: 0x83,
  DB: 0x84,
  C: 0x1c,
  T: 0x1d,
}

/** Timers and counters are numbered, two bytes each; everything else is addressed by byte. */
export const isNumbered = (area: S7Area): area is 'T' | 'C' => area === 'T' || area === 'C'

/** Bytes of a timer or counter. */
export const NUMBERED_BYTES = 2

/** For sentences: "the byte in …". */
export const areaWords: Readonly<Record<S7Area, string>> = {
  DB: 'the data block',
  M: 'the bit memory',
  I: 'the input image',
  Q: 'the output image',
  PI: 'the peripheral inputs',
  T: 'the timers',
  C: 'the counters',
}
