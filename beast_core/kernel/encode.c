/* Words in, unit vectors out: the `ngram` family without layers, for processors.

   The network is that of `beast_core/network/ngram.py`, which is the reference: embeddings of a word's bytes and of its
   hashed n-grams are summed, divided by their number of positions, taken through one or two linear layers, tanh and
   L2. Everything that is given here was checked by `beast_core/kernel/compiled.py`, the one caller.

   Each entry of a vector is one chain of sums in one order, whether words come alone or in thousands: so a word has
   the same vector to the bit. Vectors are written by GCC's extension, which clang has too, so that they do not depend
   on what a compiler finds out.

   `beast_core/kernel/compile.py` compiles this file for any processor and, on x86-64, once more each for those that
   have AVX2 and AVX-512, with BEAST_INSTRUCTIONS as what the names of its functions end in; `compiled.py` chooses. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef BEAST_SOURCE
#define BEAST_SOURCE ""
#endif
#define NAMED_(name, instructions) name##_##instructions
#define NAMED(name, instructions) NAMED_(name, instructions)
#ifdef BEAST_INSTRUCTIONS
#define ENCODE NAMED(beast_encode, BEAST_INSTRUCTIONS)
#define ENCODE_WORD NAMED(beast_encode_word, BEAST_INSTRUCTIONS)
#else
#define ENCODE beast_encode_anywhere
#define ENCODE_WORD beast_encode_word_anywhere
#endif
#define INLINE static inline __attribute__((always_inline))

/* Numbers of a vector, as many as the processor has instructions for: what is wider, compilers take to pieces badly. */
#if defined __AVX512F__
#define LANES 16
#elif defined __AVX2__
#define LANES 8
#else
#define LANES 4       /* SSE, NEON */
#endif
#define COLUMNS 64    /* columns that are summed or projected at once; all widths are padded to a multiple */
#define VECTORS (COLUMNS / LANES)
#define WORDS 6       /* words that are projected at once: 6 x 2 sums, 2 weights and 1 entry fill AVX2's 16 registers */
#define TILE 16       /* outputs of a linear layer that lie together in memory */
#define TILES (COLUMNS / TILE)
#define TILE_VECTORS (TILE / LANES)
#define WORDS_TILES (LANES == 16 ? 2 : 1) /* tiles that 6 words take at once */
#define MOST_POSITIONS 64
#define MOST_ROWS (MOST_POSITIONS * 62)
#define ALL_FINITE -1
#define NO_MEMORY -2
#define BEGIN_ID 257
#define END_ID 258
#define LEAST_NORM 1e-12f /* what torch.nn.functional.normalize divides by at least */

typedef float floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* As `beast_core.kernel.compiled.Model` has it, field by field. `stride`s are widths padded to a multiple of COLUMNS. */
struct model {
    const uint8_t *packed;        /* (rows, hidden_width / 4 + 4), or null */
    const float *dense;           /* (rows, hidden_width), or null */
    const float *letters;         /* (259, hidden_stride) */
    const float *expansion;       /* (hidden_stride, inner_stride), or null without a hidden layer */
    const float *expansion_bias;  /* (inner_stride,) */
    const float *projection;      /* (inner_stride, output_stride) */
    const float *projection_bias; /* (output_stride,) */
    const int64_t *sizes;         /* of n-grams, increasing; (ngram_sizes,) */
    const int64_t *buckets;       /* (ngram_sizes,) */
    const uint64_t *powers;       /* of the multiplier, modulo 2**64, from 0 on; (MOST_POSITIONS,) */
    const uint64_t *inverses;     /* the same of its inverse */
    int64_t ngram_sizes, hidden_width, hidden_stride, inner_stride, output_width, output_stride;
};

/* What of a word is in the table: which rows, and the ids of its bytes between two markers. */
struct spelled {
    int64_t positions, rows;
    int32_t row[MOST_ROWS];
    int32_t id[MOST_POSITIONS];
};

INLINE floats all(float value) { return value - (floats){0}; }

INLINE int64_t floored_remainder(uint64_t hash, int64_t divisor) {
    int64_t remainder = (int64_t)hash % divisor;
    return remainder < 0 ? remainder + divisor : remainder;
}

INLINE void prefetch_row(const struct model *model, int64_t row) {
    if (model->packed) {
        const uint8_t *entries = model->packed + row * (model->hidden_width / 4 + 4);
        for (int64_t byte = 0; byte < model->hidden_width / 4 + 4; byte += 64) __builtin_prefetch(entries + byte);
    } else {
        const float *entries = model->dense + row * model->hidden_width;
        for (int64_t column = 0; column < model->hidden_width; column += 16) __builtin_prefetch(entries + column);
    }
}

/* The rows of all n-grams that end in the word, see `ngram_hashes` in `beast_core/network/layers.py`: the hash of an
   n-gram is the difference of two running sums, brought to its own powers. */
INLINE void spell(const struct model *model, const uint8_t *word, int64_t length, struct spelled *spelled) {
    uint64_t running[MOST_POSITIONS + 1];
    int64_t positions = length + 2, rows = 0, most = 0;
    for (int64_t size = 0; size < model->ngram_sizes; size++)
        if (model->buckets[size] > most) most = model->buckets[size];
    spelled->positions = positions;
    spelled->id[0] = BEGIN_ID;
    for (int64_t byte = 0; byte < length; byte++) spelled->id[byte + 1] = word[byte] + 1;
    spelled->id[positions - 1] = END_ID;
    running[0] = 0;
    for (int64_t place = 0; place < positions; place++)
        running[place + 1] = running[place] + (uint64_t)spelled->id[place] * model->powers[place];
    int64_t first_row = 0;
    for (int64_t size = 0; size < model->ngram_sizes; size++) {
        int64_t length_of_ngram = model->sizes[size], buckets = model->buckets[size];
        for (int64_t end = 0; end < positions; end++) {
            int64_t start = end - length_of_ngram + 1;
            uint64_t hash = start > 0 ? (running[end + 1] - running[start]) * model->inverses[start]
                                      : running[end + 1] * model->powers[-start];
            int64_t row = floored_remainder(hash, most);
            if (buckets < most) row %= buckets;
            row += first_row;
            prefetch_row(model, row);
            spelled->row[rows++] = (int32_t)row;
        }
        first_row += buckets;
    }
    spelled->rows = rows;
}

/* float16 -> float32. As float32 the bits of a half, moved, say 2**-112 of its value. */
INLINE float from_half(const uint8_t *place) {
    uint16_t half;
    memcpy(&half, place, sizeof half);
    uint32_t moved = (uint32_t)(half & 0x7fff) << 13;
    float value;
    memcpy(&value, &moved, sizeof value);
    value *= 0x1p112f;
    return half & 0x8000 ? -value : value;
}

/* One row's entries of COLUMNS columns, from the 16 bytes that hold them, times its scale, onto their sums. An entry is
   looked at where it stands among the bits of a vector of them: what it is too large by there, its scale is too small
   by. */
INLINE void add_packed(floats *sums, const uint8_t *entries, float scale) {
    bits mask;
    floats scales;
    for (int lane = 0; lane < LANES; lane++) {
        mask[lane] = 3u << 2 * lane;
        scales[lane] = 1.0f / (float)(1u << 2 * lane);
    }
    scales *= scale;
    for (int sixteen = 0; sixteen < COLUMNS / 16; sixteen++) {
        uint32_t read;
        memcpy(&read, entries + 4 * sixteen, sizeof read);
        bits each = (bits){0} + read;
#if LANES == 16
        sums[sixteen] += __builtin_convertvector(each & mask, floats) * scales;
#else /* these have no sign bit, so that they are converted as what has an instruction in AVX2 and SSE */
        for (int part = 0; part < 16 / LANES; part++)
            sums[16 / LANES * sixteen + part] +=
                __builtin_convertvector((ints)(each >> 2 * LANES * part & mask), floats) * scales;
#endif
    }
}

INLINE void add_floats(floats *sums, const float *entries) {
    for (int vector = 0; vector < VECTORS; vector++) sums[vector] += *(const floats *)(entries + LANES * vector);
}

/* The mean over the positions of the sums of all their embeddings, (hidden_stride,). */
INLINE void pool(const struct model *model, const struct spelled *spelled, float *pooled) {
    int64_t row_bytes = model->hidden_width / 4 + 4;
    float scales[MOST_ROWS], offsets = 0;
    if (model->packed)
        for (int64_t row = 0; row < spelled->rows; row++) {
            const uint8_t *end = model->packed + spelled->row[row] * row_bytes + model->hidden_width / 4;
            scales[row] = from_half(end);
            offsets += from_half(end + 2);
        }
    for (int64_t column = 0; column < model->hidden_stride; column += COLUMNS) {
        int64_t columns = model->hidden_width - column < COLUMNS ? model->hidden_width - column : COLUMNS;
        floats sums[VECTORS];
        for (int vector = 0; vector < VECTORS; vector++) sums[vector] = all(offsets);
        for (int64_t row = 0; row < spelled->rows; row++) {
            if (model->packed) {
                uint8_t padded[COLUMNS / 4] = {0};
                const uint8_t *entries = model->packed + spelled->row[row] * row_bytes + column / 4;
                if (columns < COLUMNS) entries = memcpy(padded, entries, (size_t)columns / 4);
                add_packed(sums, entries, scales[row]);
            } else {
                float padded[COLUMNS] = {0};
                const float *entries = model->dense + spelled->row[row] * model->hidden_width + column;
                if (columns < COLUMNS) entries = memcpy(padded, entries, (size_t)columns * sizeof *padded);
                add_floats(sums, entries);
            }
        }
        for (int64_t place = 0; place < spelled->positions; place++)
            add_floats(sums, model->letters + spelled->id[place] * model->hidden_stride + column);
        for (int vector = 0; vector < VECTORS; vector++)
            *(floats *)(pooled + column + LANES * vector) = sums[vector] / (float)spelled->positions;
    }
}

/* A linear layer of `words` words and `tiles` tiles of outputs: both are constants where it is called. A tile of a weight
   matrix is (inputs, TILE), one behind the other in memory, so that it is read in its order. Each output is summed over
   the inputs in theirs. */
INLINE void multiply(const float *inputs, int64_t input_stride, const float *weight, const float *bias, float *outputs,
                     int64_t output_stride, int words, int tiles) {
    const int vectors = TILE_VECTORS * tiles;
    floats sums[WORDS][VECTORS];
    for (int word = 0; word < words; word++)
        for (int vector = 0; vector < vectors; vector++) sums[word][vector] = *(const floats *)(bias + LANES * vector);
    for (int64_t input = 0; input < input_stride; input++) {
        floats weights[VECTORS];
        for (int vector = 0; vector < vectors; vector++) {
            const float *tile = weight + (vector / TILE_VECTORS * input_stride + input) * TILE;
            weights[vector] = *(const floats *)(tile + vector % TILE_VECTORS * LANES);
        }
        for (int word = 0; word < words; word++) {
            floats entry = all(inputs[word * input_stride + input]);
            for (int vector = 0; vector < vectors; vector++) sums[word][vector] += weights[vector] * entry;
        }
    }
    for (int word = 0; word < words; word++)
        for (int vector = 0; vector < vectors; vector++)
            *(floats *)(outputs + word * output_stride + LANES * vector) = sums[word][vector];
}

INLINE void linear(const float *inputs, int64_t input_stride, const float *weight, const float *bias, float *outputs,
                   int64_t output_stride, int64_t words) {
    if (words == WORDS)
        for (int64_t column = 0; column < output_stride; column += TILE * WORDS_TILES)
            multiply(inputs, input_stride, weight + column * input_stride, bias + column, outputs + column, output_stride,
                     WORDS, WORDS_TILES);
    else
        for (int64_t word = 0; word < words; word++)
            for (int64_t column = 0; column < output_stride; column += COLUMNS)
                multiply(inputs + word * input_stride, input_stride, weight + column * input_stride, bias + column,
                         outputs + word * output_stride + column, output_stride, 1, TILES);
}

INLINE floats choose(ints condition, floats yes, floats no) {
    return (floats)((condition & (ints)yes) | (~condition & (ints)no));
}

/* tanh: below 0.625 a polynomial, above it by way of exp(2x), which is 2**whole times a polynomial of the rest.
   Cephes, tanhf.c and expf.c, has these polynomials: https://www.netlib.org/cephes. */
INLINE floats tanh_of(floats x) {
    const ints sign = (ints)((bits){0} + 0x80000000u);
    floats size = (floats)((ints)x & ~sign);
    floats square = x * x;
    floats small = ((((-5.70498872745e-3f * square + 2.06390887954e-2f) * square - 5.37397155531e-2f) * square +
                     1.33314422036e-1f) * square - 3.33332819422e-1f) * square * x + x;
    /* Beyond 10, tanh is 1 in float32. What is not finite stays so: the comparison is false for it. */
    floats doubled = choose(size > 10.0f, all(20.0f), size + size);
    ints whole = __builtin_convertvector(doubled * 1.44269504088896341f + 0.5f, ints);
    floats count = __builtin_convertvector(whole, floats);
    floats rest = doubled - count * 0.693359375f + count * 2.12194440e-4f;
    floats power = (((((1.9875691500e-4f * rest + 1.3981999507e-3f) * rest + 8.3334519073e-3f) * rest +
                      4.1665795894e-2f) * rest + 1.6666665459e-1f) * rest + 5.0000001201e-1f) * rest * rest + rest + 1.0f;
    floats exponential = power * (floats)((whole + 127) << 23);
    floats large = (floats)((ints)(1.0f - 2.0f / (exponential + 1.0f)) | ((ints)x & sign));
    floats found = choose(size < 0.625f, small, large);
    return choose(x == x, found, x);
}

/* tanh and L2 of one word. Whether its vector is finite. */
INLINE int finish(const struct model *model, float *projected, float *vector) {
    floats squares = {0};
    for (int64_t column = 0; column < model->output_stride; column += LANES) {
        floats *place = (floats *)(projected + column);
        *place = tanh_of(*place);
        squares += *place * *place;
    }
    float square = 0;
    for (int lane = 0; lane < LANES; lane++) square += squares[lane];
    float norm = sqrtf(square), divisor = norm < LEAST_NORM ? LEAST_NORM : norm;
    for (int64_t column = 0; column < model->output_stride; column += LANES) *(floats *)(projected + column) /= divisor;
    memcpy(vector, projected, (size_t)model->output_width * sizeof *vector);
    return isfinite(norm) != 0;
}

/* GELU, without approximation: x times the share of a normal distribution that is below x. */
INLINE void gelu(float *values, int64_t number) {
    for (int64_t place = 0; place < number; place++)
        values[place] *= 0.5f * (1.0f + erff(values[place] * 0.70710678118654752f));
}

/* `count` words of `lengths` bytes that begin at `starts` of `text` -> their `vectors`, (count, output_width). Returns the
   place of the first word whose vector is not finite, or ALL_FINITE, or NO_MEMORY. */
int64_t ENCODE(const struct model *model, const uint8_t *text, const int64_t *starts, const int64_t *lengths,
               int64_t count, float *vectors) {
    struct spelled spelled[WORDS];
    int64_t strides = model->hidden_stride + model->inner_stride + model->output_stride, broken = ALL_FINITE;
    float *pooled = malloc(sizeof *pooled * WORDS * (size_t)strides);
    if (!pooled) return NO_MEMORY;
    float *inner = pooled + WORDS * model->hidden_stride, *projected = inner + WORDS * model->inner_stride;
    for (int64_t first = 0; first < count; first += WORDS) {
        int64_t words = count - first < WORDS ? count - first : WORDS;
        for (int64_t word = 0; word < words; word++)
            spell(model, text + starts[first + word], lengths[first + word], &spelled[word]);
        for (int64_t word = 0; word < words; word++)
            pool(model, &spelled[word], pooled + word * model->hidden_stride);
        const float *last = pooled;
        if (model->expansion) {
            linear(pooled, model->hidden_stride, model->expansion, model->expansion_bias, inner, model->inner_stride,
                   words);
            gelu(inner, words * model->inner_stride);
            last = inner;
        }
        linear(last, model->inner_stride, model->projection, model->projection_bias, projected, model->output_stride,
               words);
        for (int64_t word = 0; word < words; word++) {
            int finite = finish(model, projected + word * model->output_stride,
                                vectors + (first + word) * model->output_width);
            if (!finite && broken == ALL_FINITE) broken = first + word;
        }
    }
    free(pooled);
    return broken;
}

/* The same of one word. */
int64_t ENCODE_WORD(const struct model *model, const uint8_t *word, int64_t length, float *vector) {
    const int64_t start = 0;
    return ENCODE(model, word, &start, &length, 1, vector);
}

#ifndef BEAST_INSTRUCTIONS
/* How many of these this processor has: none, AVX2, AVX-512. */
int64_t beast_instruction_sets(void) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return __builtin_cpu_supports("avx512f") ? 2 : 1;
#endif
    return 0;
}

/* A digest of the source that this is compiled from. */
const char *beast_source(void) { return BEAST_SOURCE; }
#endif
