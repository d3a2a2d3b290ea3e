/* A system that has no memory: allocations of the whole process fail, the library's and everybody's. */
#include "misuse.h"

#include "../interpose.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* Which allocations fail: of those that are at least `least` bytes, numbers `first` to `last`. */
static size_t least;
enum { NEVER = 0x7fffffff };
static long first, last, count;

static int may_allocate(size_t size)
{
    long number;
    if (size < __atomic_load_n(&least, __ATOMIC_RELAXED))
        return 1;
    number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    return number < LOAD(first) || number > LOAD(last);
}

static void before_free(void) {}

static void fail(long from, long to)
{
    STORE(first, NEVER);
    STORE(last, to);
    STORE(count, 0);
    STORE(first, from);
}

static tts_engine *engine_on_cpu(void)
{
    tts_engine_config config;
    tts_engine *engine = NULL;
    tts_status status;
    tts_engine_config_init(&config, sizeof config);
    config.device = TTS_DEVICE_CPU; /* what the drivers of a GPU do is not ours */
    status = tts_engine_create(&config, &engine);
    /* Without room for the stack of a thread there is no device. */
    CHECK(status == TTS_OK || status == TTS_ERROR_OUT_OF_MEMORY || status == TTS_ERROR_DEVICE);
    CHECK((status == TTS_OK) == (engine != NULL));
    return engine;
}

static int one_of(tts_status status)
{
    if (status != TTS_OK && status != TTS_ERROR_OUT_OF_MEMORY)
        fprintf(stderr, "status %d: %s\n", status, tts_last_error());
    return status == TTS_OK || status == TTS_ERROR_OUT_OF_MEMORY;
}

/* Loads and speaks; gives whether all of it went well. */
static int speaks(tts_engine *e)
{
    tts_voice *v = NULL;
    tts_utterance *u = NULL;
    tts_utterance_config config;
    tts_audio audio = no_audio();
    const char *const texts[2] = { "Yes.", "No." };
    tts_audio both[2];
    float block[512];
    size_t heard;
    int well = 0;
    tts_status status = tts_voice_open_path(e, voice_path, &v);
    CHECK(one_of(status) && (status == TTS_OK) == (v != NULL));
    if (v) {
        tts_utterance_config_init(&config, sizeof config);
        config.format = TTS_FORMAT_S16;
        status = tts_voice_speak(v, "Yes.", &config, &audio);
        CHECK(one_of(status) && (status == TTS_OK) == (audio.s16 != NULL));
        well = status == TTS_OK;
        EXPECT(tts_audio_free(&audio), TTS_OK);
        both[0] = both[1] = no_audio();
        status = tts_voice_speak_batch(v, texts, 2, &config, both, NULL);
        CHECK(one_of(status) && (status == TTS_OK) == (both[0].s16 != NULL));
        CHECK((both[0].s16 != NULL) == (both[1].s16 != NULL));
        well &= status == TTS_OK;
        EXPECT(tts_audio_free(&both[0]), TTS_OK);
        EXPECT(tts_audio_free(&both[1]), TTS_OK);
        status = tts_utterance_start(v, "No.", NULL, &u);
        CHECK(one_of(status) && (status == TTS_OK) == (u != NULL));
        if (u) {
            while ((status = tts_utterance_read(u, block, 512, &heard)) == TTS_OK || status == TTS_UNDERRUN)
                if (status == TTS_UNDERRUN)
                    sleep_ms(1);
            CHECK(status == TTS_END || status == TTS_ERROR_OUT_OF_MEMORY);
            status = tts_utterance_wait(u, UINT32_MAX);
            CHECK(one_of(status));
            well &= status == TTS_OK;
            EXPECT(tts_utterance_destroy(u), TTS_OK);
        } else {
            well = 0;
        }
        EXPECT(tts_voice_destroy(v), TTS_OK);
    }
    return well;
}

/* Fails `length` allocations of at least `size` bytes, from one of them on, and then from a later one on. */
static void failing(size_t size, long length, int most_cases)
{
    tts_engine *e = engine_on_cpu();
    long total, from, step;
    int cases = 0, survived = 0;
    CHECK(e && speaks(e)); /* what is made once and for ever */
    STORE(least, size);
    fail(NEVER, NEVER);
    CHECK(speaks(e));
    total = LOAD(count);
    if (getenv("MISUSE_CASES"))
        most_cases = atoi(getenv("MISUSE_CASES"));
    step = total / most_cases + 1;
    for (from = 1; from <= total; from += step) {
        fail(from, from + length - 1);
        survived += speaks(e);
        cases++;
        fail(NEVER, NEVER);
        if (cases % 16 == 0)
            CHECK(speaks(e)); /* memory is back, and all is well */
    }
    CHECK(speaks(e));
    EXPECT(tts_engine_destroy(e), TTS_OK);
    if (getenv("MISUSE_CASES"))
        printf("%d of %ld allocations of %lu bytes or more: %d times all went well, %d times there was a status\n",
               cases, total, (unsigned long)size, survived, cases - survived);
}

static void one_allocation_fails(void)
{
    failing(0, 1, 40);
}

static void all_allocations_fail(void)
{
    failing(0, NEVER, 40);
}

static void one_large_allocation_fails(void)
{
    failing(64 << 10, 1, 40);
}

static void all_large_allocations_fail(void)
{
    failing(64 << 10, NEVER, 40);
}

static void no_memory_for_an_engine(void)
{
    tts_engine *e;
    fail(1, NEVER);
    e = engine_on_cpu();
    fail(NEVER, NEVER);
    CHECK(e == NULL);
    e = engine_on_cpu();
    CHECK(e && speaks(e));
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

/* The process may not grow by more than some MiB. */
static void address_space_is_full(void)
{
    tts_engine *e = engine_on_cpu();
    struct rlimit limit, unlimited;
    long pages, more;
    int survived = 0;
    CHECK(getrlimit(RLIMIT_AS, &unlimited) == 0);
    CHECK(e && speaks(e));
    for (more = 0; more < 160; more += 4) {
        FILE *file = fopen("/proc/self/statm", "r");
        CHECK(file && fscanf(file, "%ld", &pages) == 1);
        fclose(file);
        limit = unlimited;
        limit.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE) + (more << 20));
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        survived += speaks(e);
        CHECK(setrlimit(RLIMIT_AS, &unlimited) == 0);
    }
    CHECK(survived > 0 && survived < 40 && speaks(e));
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static const misuse cases[] = {
    { "one_allocation_fails", one_allocation_fails },
    { "all_allocations_fail", all_allocations_fail },
    { "one_large_allocation_fails", one_large_allocation_fails },
    { "all_large_allocations_fail", all_large_allocations_fail },
    { "no_memory_for_an_engine", no_memory_for_an_engine },
    { "address_space_is_full", address_space_is_full },
};

int main(int argc, char **argv)
{
    return run(cases, sizeof cases / sizeof *cases, argc, argv);
}
