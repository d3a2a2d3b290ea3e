/*
 * Speaks a text into a WAV file.
 *
 *   cc say.c -I ../../include -L ../../target/release -ltts -o say
 *   LD_LIBRARY_PATH=../../target/release ./say ../../voices/heart.safetensors out.wav "Hello world."
 */
#include "tts.h"

#include <stdio.h>
#include <string.h>

/* Little-endian numbers, whatever the machine. */
static void put(FILE *file, unsigned long value, int bytes)
{
    while (bytes-- > 0) {
        fputc((int)(value & 255), file);
        value >>= 8;
    }
}

static int write_wav(const char *path, const tts_audio *audio)
{
    unsigned long bytes = (unsigned long)audio->count * 2;
    unsigned long i;
    int bad;
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return 0;
    fputs("RIFF", file);
    put(file, 36 + bytes, 4);
    fputs("WAVEfmt ", file);
    put(file, 16, 4);
    put(file, 1, 2); /* PCM */
    put(file, 1, 2); /* mono */
    put(file, audio->sample_rate, 4);
    put(file, (unsigned long)audio->sample_rate * 2, 4);
    put(file, 2, 2);
    put(file, 16, 2);
    fputs("data", file);
    put(file, bytes, 4);
    for (i = 0; i < audio->count; i++)
        put(file, (unsigned long)(audio->s16[i] & 0xffff), 2);
    bad = ferror(file);
    return fclose(file) == 0 && !bad;
}

static int fail(const char *what)
{
    fprintf(stderr, "say: %s: %s\n", what, tts_last_error());
    return 1;
}

int main(int argc, char **argv)
{
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    tts_utterance_config config;
    tts_audio audio;
    int result = 0;

    if (argc != 4) {
        fprintf(stderr, "usage: say VOICE.safetensors OUT.wav TEXT\n");
        return 2;
    }
    memset(&audio, 0, sizeof audio);
    audio.struct_size = sizeof audio;
    tts_utterance_config_init(&config, sizeof config);
    config.format = TTS_FORMAT_S16;

    if (tts_engine_create(NULL, &engine) < 0)
        result = fail("engine");
    else if (tts_voice_open_path(engine, argv[1], &voice) < 0)
        result = fail(argv[1]);
    else if (tts_voice_speak(voice, argv[3], &config, &audio) < 0)
        result = fail("speaking");
    else if (!write_wav(argv[2], &audio)) {
        perror(argv[2]);
        result = 1;
    } else
        printf("%s: %.2f s\n", argv[2], (double)audio.count / audio.sample_rate);

    /* To free what was never made is fine. */
    tts_audio_free(&audio);
    tts_voice_destroy(voice);
    tts_engine_destroy(engine);
    return result;
}
