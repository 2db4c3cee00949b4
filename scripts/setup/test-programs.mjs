/** What only the tests need: a browser, a software GPU for native kernels, and letters to draw with. */
import { existsSync, readdirSync } from 'node:fs';
import { aptInstall } from '../lib/apt.mjs';
import { chromiumPath } from '../lib/chromium.mjs';
import { Failure, output } from '../lib/run.mjs';

export async function browser() {
  if (chromiumPath()) return;
  const asked = process.env.HEADMAP_CHROMIUM;
  if (asked) throw new Failure(`HEADMAP_CHROMIUM names ${asked}, and nothing is there`);
  await aptInstall(
    ['chromium'],
    'Chromium, which the tests of the page run in',
    'install Chromium or Chrome, or set HEADMAP_CHROMIUM to its path',
  );
}

/** The screenshots are compared with ones that were drawn in this font. */
export async function fonts() {
  if (existsSync('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf')) return;
  await aptInstall(['fonts-dejavu-core', 'fontconfig'], 'the DejaVu fonts, which the reference pictures are drawn in');
}

/** Native tests run the WGSL kernels on Mesa's llvmpipe. */
export async function softwareGpu() {
  const drivers = '/usr/share/vulkan/icd.d';
  const driver = existsSync(drivers) && readdirSync(drivers).some((name) => name.endsWith('.json'));
  const loader = (output('/sbin/ldconfig', ['-p']) ?? '').includes('libvulkan.so.1');
  if (driver && loader) return;
  await aptInstall(
    ['libvulkan1', 'mesa-vulkan-drivers'],
    'a Vulkan driver, which the native tests of the GPU kernels run on',
    'install a Vulkan driver',
  );
}
