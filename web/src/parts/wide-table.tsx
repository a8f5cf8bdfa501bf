import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

interface WideTableProps {
  /** Narrower than that it is scrolled sideways, also by the keyboard. */
  readonly minWidth: number
  readonly maxHeight?: number
  readonly caption: string
  readonly className?: string
  readonly head: readonly ReactNode[]
  /** From this column on, counted from 0, there are numbers. */
  readonly numbersFrom?: number
  readonly children: ReactNode
}

/** A table that may be wider than the screen. */
export function WideTable({
  minWidth,
  maxHeight,
  caption,
  className,
  head,
  numbersFrom = head.length,
  children,
}: WideTableProps) {
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      {...(className === undefined ? {} : { className })}
      {...(maxHeight === undefined ? {} : { mah: maxHeight })}
      type="native"
      tabIndex={0}
      role="region"
      aria-label={caption}
    >
      <Table stickyHeader={maxHeight !== undefined} verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            {head.map((name, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns do not move
              <Table.Th key={column} ta={column >= numbersFrom ? 'right' : 'left'}>
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
