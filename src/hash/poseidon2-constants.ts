/**
 * Parameters of Poseidon2 over M31: Plonky3's constants for widths 16 and 24, equal to the Grain LFSR's output (a test regenerates them).
 * A state s passes s <- M_E s, 4 external rounds, the internal rounds, 4 external rounds (SPEC §2.1).
 */

/** An instance of Poseidon2 over M31. */
export interface Poseidon2Parameters {
  /** Number of state words, a multiple of 4. */
  readonly width: number;
  /** Constants of the first external rounds, round by round, `width` a round. */
  readonly initial: Uint32Array;
  /** One constant an internal round. */
  readonly internal: Uint32Array;
  /** Constants of the last external rounds, round by round. */
  readonly final: Uint32Array;
  /** The internal matrix is J + diag(-2, 2^e_1, 2^e_2, ...), J all ones: these exponents, width - 1 of them. */
  readonly exponents: readonly number[];
}

/** Eight hexadecimal digits a word. */
function words(hexadecimal: string): Uint32Array {
  return Uint32Array.from(hexadecimal.trim().split(/\s+/), (word) => Number.parseInt(word, 16));
}

/** Width 16: 8 external and 14 internal rounds. */
export const WIDTH_16: Poseidon2Parameters = {
  width: 16,
  initial: words(`
    768bab52 70e0ab7d 3d266c8a 6da42045 600fef22 41dace6b 64f9bdd4 5d42d4fe 76b1516d 6fc9a717 70ac4fb6 00194ef6 22b644e2 1f7916d5 47581be2 2710a123
    6284e867 018d3afe 5df99ef3 4c1e467b 566f6abc 2994e427 538a6d42 5d7bf2cf 7fda2dab 0fd854c4 46922fca 3d7763a1 19fd05ca 0a4bbb43 15075851 3d903d76
    2d290ff7 40809fa0 59dac6ec 127927a2 6bbf0ea0 0294140f 24742976 6e84c081 22484f4a 354cae59 0453ffe1 3f47a3cc 0088204e 6066e109 3b7c4b80 6b55665d
    3bc4b897 735bf378 508daf42 1884fc2b 7214f24c 7498be0a 1a60e640 3303f928 29b46376 5c96bb68 65d097a5 1d358e9f 4a9a9017 4724cf76 347af70f 1e77e59a
  `),
  internal: words(`
    7f7ec4bf 0421926f 5198e669 34db3148 4368bafd 66685c7f 78d3249a 60187881 76dad67a 0690b437 1ea95311 40e5369a 38f103fc 1d226a21
  `),
  final: words(`
    57090613 1fa42108 17bbef50 1ff7e11c 047b24ca 4e140275 4fa086f5 079b309c 1159bd47 6d37e4e5 075d8dce 12121ca0 7f6a7c40 68e182ba 5493201b 0444a80e
    0064f4c6 6467abe6 66975762 2af68f9b 345b33be 1b70d47f 053db717 381189cb 43b915f8 20df3694 0f459d26 77a0e97b 2f73e739 1876c2f9 65a0e29a 4cabefbe
    5abd1268 4d34a760 12771799 69a0c9ac 39091e55 7f611cd0 3af055da 7ac0bbdf 6e0f3a24 41e3b6f7 49b3756d 568bc538 20c079d8 1701c72c 7670dc6c 5a439035
    7c93e00e 561fbb4d 1178907b 02737406 32fb24f1 6323b60a 6ab12418 42c99cea 155a0b97 53d1c6aa 2bd20347 279b3d73 4f5f3c70 0245af6c 238359d3 49966a59
  `),
  exponents: [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16],
};

/** Width 24: 8 external and 22 internal rounds. */
export const WIDTH_24: Poseidon2Parameters = {
  width: 24,
  initial: words(`
    1feaba61 53224454 6bceb9e2 5019f9b4 48726592 2b22d0a8 6151bbf9 2f474b21 2eb5f337 3b645d87 0942cef0 65228c52
    78ffb30f 4d2837c8 0e17ac4f 05546686 046c06cc 0b51c3b6 568db763 38b334e4 57f5acf0 19d32611 77d02f4b 6c82e9b8
    7148c1b6 08067c75 46d1e8c9 30973b07 20614f3b 5c3ff851 30503329 4972e7cc 02d1d8bc 09d5bfa6 097104c0 7ba49a34
    4a07c2fc 24c1ee69 28a6ab41 5d9108a0 3a7851c7 1dd495f9 12b49ff4 7bad5760 5fed64c2 66f5c96c 7eafbd02 39b3593b
    4a653b49 75091dc1 56e488e0 1704a355 745e4ff3 392ef16e 31e33fdf 02c28c66 36c3083a 3104d1fa 5b03cda3 6641e1af
    37754b56 396f5af9 1a1a461a 688e26f2 6f829784 1bb91d69 5b788016 704aa5c5 0181869c 41211e56 0ce803a0 23bff3a0
    17fb7064 47317220 76914b53 219c1905 16655528 4df35544 60808465 3350f833 03bccdc7 0a87180a 017a99f5 6e945726
    15445504 780533b1 3b91bf38 3fc77eb1 4b4d960e 3cd93d2e 0ea4e976 1d5306cc 3a7ac284 0ec22934 4d979713 51a41c65
  `),
  internal: words(`
    22776a11 5fa34268 1415528d 563fbd14 34f45244 120ea1b6 261368a5 27665ec1 36be2805 345c4784 17efdcc1 393e6530
    6da0b4b8 31e5ded3 675b27ac 0ae88c30 577841cc 5fe06dec 56b0691a 7242de1f 3c377529 339b7523
  `),
  final: words(`
    1c662299 057c955a 7ab6c0f2 25a6ad0a 75850b58 48fd3793 0b4366b1 0fdd0d49 7db419f9 49b9cc0f 48949716 29c35890
    76445485 1c27d30c 10aa7a3b 30f34fb6 6fe06435 02135ecd 6caaba96 3eb290d0 22fd8d3b 768b1525 5be95814 523d7fe9
    55e94cec 47c42e1f 1aa53b5e 2fd1fe7e 59230e91 7472da66 6443f2df 2d9de19d 6f7f6a84 77800430 0f014bc8 7bf3d095
    26afd318 582561f7 5ee3198c 6acc0000 2f315e26 27cac040 2595081e 5963b7da 7e073565 6cf3f5f1 09f8a3a4 0da8ccfe
    60be2365 7ed742f5 668b8031 4bb03494 59019333 700e2878 1cc45856 1d1617f7 7b988da6 4eb4936c 78c9f87e 63ce3e94
    7178341b 45bc2f86 05b775bc 704b0244 29eed278 47f43032 2127b2e5 1997903f 24b3ce03 0c32298c 7d2b6f3a 17fcaa81
    72f37fef 3028e7a9 5edd4d96 1f96583b 4cd6918a 14880f0e 69170359 173cbd33 0969e7f4 6e7f23ab 6182ea87 4dcb1f5c
    585fa113 729cb3b6 01b3a27a 1ba173e7 4b33bcea 63d93bbb 6b3fbf99 6f17e9d1 0c3dd8ba 0bc1f9a8 64d3f370 465a6a18
  `),
  exponents: Array.from({ length: 23 }, (_, k) => k),
};
