import js from '@eslint/js';
import globals from 'globals';

const MARKUP = 'Token text and relation files are hostile: text goes in through textContent or fillText only.';

export default [
  { ignores: ['dist/', 'pkg/', 'target/', 'tests/e2e/output/'] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-shadow': ['error', { allow: ['_'] }],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'require-atomic-updates': 'off',
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe', 'createContextualFragment'].map(
          (property) => ({ property, message: MARKUP }),
        ),
        { object: 'document', property: 'write', message: MARKUP },
      ],
    },
  },
  { files: ['www/**/*.js'], languageOptions: { globals: { ...globals.browser, ...globals.worker } } },
  {
    files: ['**/*.mjs', 'webpack.config.js'],
    languageOptions: { globals: globals.node },
  },
  // The functions that these hand to page.evaluate run in the page.
  { files: ['tests/e2e/**/*.mjs', 'bench/**/*.mjs'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
