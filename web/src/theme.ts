import { type CSSVariablesResolver, createTheme } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: 9,
  defaultRadius: 'sm',
  autoContrast: true,
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
})

/** Words on a tinted ground, and quiet ones, have to be readable for everybody (WCAG 2.2, 1.4.3). */
export const readableColours: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-cyan-light-color': '#084c5a',
    '--mantine-color-cyan-filled-hover': '#095c6b',
    '--mantine-color-green-light-color': '#1b6e2e',
    '--mantine-color-orange-light-color': '#9c3a00',
    '--mantine-color-red-light-color': '#b01e1e',
    '--mantine-color-blue-light-color': '#14508a',
    '--mantine-color-gray-light-color': '#495057',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-cyan-filled-hover': '#095c6b',
  },
})
