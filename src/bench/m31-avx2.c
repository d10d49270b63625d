/*
 * The native yardstick for M31 products: x[k] <- x[k] * y[k], `rounds` times over `count` words, eight lanes at a time with AVX2.
 * Prints products per second and the exclusive or of the final words.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <immintrin.h>

/* Eight products: even and odd lanes apart; 2ab has floor(ab / 2^31) in its high word and, halved, ab mod 2^31 in its low one. */
static inline __m256i multiply(__m256i a, __m256i b) {
  const __m256i p = _mm256_set1_epi32(0x7fffffff);
  const __m256i b2 = _mm256_add_epi32(b, b);
  const __m256i even = _mm256_mul_epu32(a, b2);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b2, 32));
  const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  const __m256i low = _mm256_srli_epi32(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa), 1);
  const __m256i sum = _mm256_add_epi32(high, low);
  return _mm256_min_epu32(sum, _mm256_sub_epi32(sum, p));
}

int main(int argc, char **argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 4096;
  const int rounds = argc > 2 ? atoi(argv[2]) : 100000;
  uint32_t *x = aligned_alloc(64, 4 * (size_t)count);
  uint32_t *y = aligned_alloc(64, 4 * (size_t)count);
  for (int k = 0; k < count; k++) {
    x[k] = 1 + (uint32_t)k * 2654435761u % 2147483646u;
    y[k] = 1 + (uint32_t)k * 40503u % 2147483646u;
  }
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int round = 0; round < rounds; round++) {
    for (int k = 0; k < count; k += 8) {
      const __m256i product = multiply(_mm256_load_si256((__m256i *)(x + k)), _mm256_load_si256((__m256i *)(y + k)));
      _mm256_store_si256((__m256i *)(x + k), product);
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &b);
  uint32_t check = 0;
  for (int k = 0; k < count; k++) check ^= x[k];
  const double seconds = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
  printf("%.0f %u\n", (double)count * rounds / seconds, check);
  return 0;
}
