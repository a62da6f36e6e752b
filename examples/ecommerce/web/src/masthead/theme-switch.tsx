import { useSignal, useSignalEffect } from '@preact/signals';

type Theme = 'light' | 'dark';

const KEPT = 'theme';

/** Light or dark: as the system says, until somebody says otherwise. */
export function ThemeSwitch() {
  const chosen = useSignal(localStorage.getItem(KEPT) as Theme | null);
  useSignalEffect(() => {
    if (chosen.value) document.documentElement.dataset['theme'] = chosen.value;
  });
  const turn = () => {
    const present = chosen.value ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    chosen.value = present === 'dark' ? 'light' : 'dark';
    localStorage.setItem(KEPT, chosen.value);
  };
  return (
    <button aria-label="Switch between light and dark" onClick={turn}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r="8" />
        <path d="M12 4a8 8 0 0 1 0 16Z" fill="currentColor" />
      </svg>
    </button>
  );
}
