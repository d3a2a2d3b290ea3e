/*
 * An engine with limits, and what it does before it speaks: memory, warming up, the pipeline cache.
 * Run with "cpu" or "gpu" and a voice file.
 */
#include "misuse/misuse.h"

static tts_device device;

static tts_engine_config config(void)
{
    tts_engine_config config;
    EXPECT(tts_engine_config_init(&config, sizeof config), TTS_OK);
    CHECK(config.memory_limit == 0 && config.submission_ms == 2 && config.pipeline_cache == NULL);
    config.device = device;
    return config;
}

/* Opens the voice under a memory limit in MB; both handles are NULL if that fails. */
static tts_status open_within(unsigned megabytes, tts_engine **engine, tts_voice **voice)
{
    tts_engine_config c = config();
    tts_status status;
    c.memory_limit = (uint64_t)megabytes * 1000 * 1000;
    *engine = NULL;
    *voice = NULL;
    EXPECT(tts_engine_create(&c, engine), TTS_OK);
    status = tts_voice_open_path(*engine, voice_path, voice);
    if (status != TTS_OK) {
        CHECK(*voice == NULL);
        EXPECT(tts_engine_destroy(*engine), TTS_OK);
        *engine = NULL;
    }
    return status;
}

static void close_both(tts_engine *engine, tts_voice *voice)
{
    EXPECT(tts_voice_destroy(voice), TTS_OK);
    EXPECT(tts_engine_destroy(engine), TTS_OK);
}

static tts_status speak(tts_voice *voice)
{
    tts_audio audio;
    tts_status status;
    memset(&audio, 0, sizeof audio);
    audio.struct_size = sizeof audio;
    status = tts_voice_speak(voice, "One.", NULL, &audio);
    CHECK((status == TTS_OK) == (audio.count > 0));
    EXPECT(tts_audio_free(&audio), TTS_OK);
    return status;
}

/* Describes the devices, and gives the index of the first that is of the right kind and usable. */
static size_t place(void)
{
    size_t count = 0, found, i;
    EXPECT(tts_device_count(&count), TTS_OK);
    found = count;
    for (i = 0; i < count; i++) {
        tts_device_info info;
        memset(&info, 0, sizeof info);
        info.struct_size = sizeof info;
        EXPECT(tts_device_describe(i, &info), TTS_OK);
        CHECK(info.name[0] != 0 && info.note[0] != 0 && (info.f16 == 0 || info.f16 == 1));
        if (info.kind == device && info.usable && found == count) {
            found = i;
            CHECK(info.memory > 100u * 1000 * 1000);
        }
    }
    CHECK(found < count);
    return found;
}

/* A voice that does not fit is refused, one that just fits cannot speak, and the engine outlives both. */
static void memory_is_limited(void)
{
    unsigned too_small = 1, enough = 1024;
    tts_engine *engine;
    tts_voice *voice;
    EXPECT(open_within(too_small, &engine, &voice), TTS_ERROR_OUT_OF_MEMORY);
    CHECK(strstr(tts_last_error(), "limit of 1000000") != NULL);
    while (enough - too_small > 1) {
        unsigned middle = (too_small + enough) / 2;
        tts_status status = open_within(middle, &engine, &voice);
        if (status == TTS_OK) {
            close_both(engine, voice);
            enough = middle;
        } else {
            CHECK(status == TTS_ERROR_OUT_OF_MEMORY);
            too_small = middle;
        }
    }
    CHECK(enough > 10 && enough < 200);
    EXPECT(open_within(enough, &engine, &voice), TTS_OK);
    EXPECT(speak(voice), TTS_ERROR_OUT_OF_MEMORY);
    EXPECT(speak(voice), TTS_ERROR_OUT_OF_MEMORY);
    /* What the voice took is there again for another one. */
    EXPECT(tts_voice_destroy(voice), TTS_OK);
    EXPECT(tts_voice_open_path(engine, voice_path, &voice), TTS_OK);
    close_both(engine, voice);
    EXPECT(open_within(enough + 100, &engine, &voice), TTS_OK);
    EXPECT(speak(voice), TTS_OK);
    close_both(engine, voice);
}

struct progress {
    unsigned calls;
    float last;
};

static void on_progress(void *user_data, float progress)
{
    struct progress *seen = user_data;
    CHECK(progress >= seen->last && progress <= 1);
    CHECK((seen->calls == 0) == (progress == 0));
    seen->last = progress;
    seen->calls++;
}

static void warms_up_and_keeps_what_it_compiled(void)
{
    struct progress seen = { 0, 0 };
    tts_engine_config c = config();
    tts_engine *engine = NULL, *second = NULL;
    tts_voice *voice = NULL;
    char *blob;
    size_t size = 77, again;
    EXPECT(tts_engine_create(&c, &engine), TTS_OK);
    EXPECT(tts_voice_open_path(engine, voice_path, &voice), TTS_OK);
    EXPECT(tts_voice_warm_up(voice, on_progress, &seen), TTS_OK);
    CHECK(seen.last == 1);
    /* A GPU tells of every kernel. */
    CHECK(device == TTS_DEVICE_CPU ? seen.calls >= 3 : seen.calls >= 20);

    EXPECT(tts_engine_pipeline_cache(engine, NULL, 0, &size), TTS_OK);
    if (device == TTS_DEVICE_CPU) {
        CHECK(size == 0);
    } else {
        CHECK(size > 16 && size != 77);
        blob = calloc(1, size);
        EXPECT(tts_engine_pipeline_cache(engine, blob, size - 1, &again), TTS_ERROR_ARGUMENT);
        CHECK(again == size && blob[0] == 0);
        EXPECT(tts_engine_pipeline_cache(engine, blob, size, &again), TTS_OK);
        CHECK(again == size && blob[0] != 0);
        c.pipeline_cache = blob;
        c.pipeline_cache_size = size;
        EXPECT(tts_engine_create(&c, &second), TTS_OK);
        free(blob);
        EXPECT(tts_engine_destroy(second), TTS_OK);
    }
    close_both(engine, voice);
}

static void keep(void *user_data, tts_log_level level, const char *message)
{
    char *last = user_data;
    CHECK(level == TTS_LOG_INFO && strlen(message) < 500);
    strcpy(last, message);
}

/* The log tells which device was taken, and why it is the CPU where nobody asked for it. */
static void the_choice_is_told(void)
{
    char last[500] = "";
    tts_engine_config c = config();
    tts_engine *engine = NULL;
    c.on_log = keep;
    c.user_data = last;
    EXPECT(tts_engine_create(&c, &engine), TTS_OK);
    CHECK(strstr(last, device == TTS_DEVICE_CPU ? "engine on cpu (" : "engine on gpu (") == last);
    CHECK(strchr(last, ':') == NULL);
    EXPECT(tts_engine_destroy(engine), TTS_OK);
    /* By its place in the list it is the same one. */
    last[0] = 0;
    c.device = TTS_DEVICE_INDEX + (tts_device)place();
    EXPECT(tts_engine_create(&c, &engine), TTS_OK);
    CHECK(strstr(last, device == TTS_DEVICE_CPU ? "engine on cpu (" : "engine on gpu (") == last);
    EXPECT(tts_engine_destroy(engine), TTS_OK);
    c.device = TTS_DEVICE_AUTO;
    EXPECT(tts_engine_create(&c, &engine), TTS_OK);
    CHECK((strstr(last, "engine on cpu (") == NULL) == (strstr(last, " threads: ") == NULL));
    EXPECT(tts_engine_destroy(engine), TTS_OK);
}

static void what_makes_no_sense_is_refused(void)
{
    static const float bad[] = { -1, 1e6f };
    tts_engine_config c = config();
    tts_engine *engine = NULL;
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        c.submission_ms = bad[i];
        EXPECT(tts_engine_create(&c, &engine), TTS_ERROR_ARGUMENT);
    }
    c.submission_ms = 0;
    c.pipeline_cache_size = 5;
    EXPECT(tts_engine_create(&c, &engine), TTS_ERROR_NULL);
    CHECK(engine == NULL);
    /* A blob that is none is passed over. */
    c.pipeline_cache = "blob!";
    EXPECT(tts_engine_create(&c, &engine), TTS_OK);
    EXPECT(tts_engine_destroy(engine), TTS_OK);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    device = strcmp(argv[1], "gpu") == 0 ? TTS_DEVICE_GPU : TTS_DEVICE_CPU;
    voice_path = argv[2];
    the_choice_is_told();
    what_makes_no_sense_is_refused();
    warms_up_and_keeps_what_it_compiled();
    memory_is_limited();
    return 0;
}
