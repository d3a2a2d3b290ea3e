/*
 * tts.h - Tacoglow, neural text-to-speech: Tacotron 2 and WaveGlow.
 *
 * A complete program, which speaks a sentence into a file of raw 16-bit samples:
 *
 *   #include <stdio.h>
 *   #include "tts.h"
 *
 *   int main(int argc, char **argv)
 *   {
 *       tts_engine *engine = NULL;
 *       tts_voice *voice = NULL;
 *       tts_utterance_config config;
 *       tts_audio audio = { sizeof(tts_audio), 0, 0, NULL, NULL };
 *       FILE *file = NULL;
 *
 *       tts_utterance_config_init(&config, sizeof config);
 *       config.format = TTS_FORMAT_S16;
 *       if (argc == 3 && tts_engine_create(NULL, &engine) == TTS_OK
 *           && tts_voice_open_path(engine, argv[1], &voice) == TTS_OK
 *           && tts_voice_speak(voice, "Hello world.", &config, &audio) == TTS_OK
 *           && (file = fopen(argv[2], "wb")) != NULL)
 *           fwrite(audio.s16, sizeof *audio.s16, (size_t)audio.count, file);
 *       fprintf(stderr, "%s\n", file ? "spoken" : tts_last_error());
 *       if (file)
 *           fclose(file);
 *       tts_audio_free(&audio);
 *       tts_voice_destroy(voice);
 *       tts_engine_destroy(engine);
 *       return file ? 0 : 1;
 *   }
 *
 * Build it with "cc hello.c -ltts", and run it with a voice file and the name of a file to write. To hear
 * that: "aplay -r 22050 -f S16_LE FILE", or "ffplay -ar 22050 -f s16le FILE".
 *
 * What holds for every function:
 *
 * - Results. A function returns a tts_status: 0 is success, above 0 success with something to say, below
 *   0 an error, and tts_last_error() then says more. What a function gives stands in its last arguments,
 *   whose names begin with out_; they are written on success only.
 * - Handles. tts_engine, tts_voice and others are handles: numbers that the library looks up. NULL, a handle
 *   that was destroyed, or one of another kind gives an error and does no harm. To destroy NULL is fine.
 * - Threads. Every function may be called from any thread at any time, unless it says otherwise. To destroy
 *   an object while another thread uses it is safe: the call waits for the other to leave.
 * - Texts are UTF-8. A function whose name ends in _n takes a length in bytes; elsewhere texts end in NUL.
 * - Structs that you fill begin with struct_size. Their init function sets it and all defaults, so that a
 *   program goes on working when a later version adds members at the end.
 * - Memory. What the library allocates, the library frees. Pointers that it gives live as long as the
 *   function says.
 * - The library never ends the process, throws, or prints.
 */
#ifndef TTS_H
#define TTS_H

#include <stddef.h>
#include <stdint.h>

/* On Windows, define TTS_STATIC to link the static library. */
#ifndef TTS_API
#if defined(_WIN32) && !defined(TTS_STATIC)
#define TTS_API __declspec(dllimport)
#else
#define TTS_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ========================================================================================== *
 * Version
 *
 * Names that this header has keep their meaning, values and layout for as long as TTS_ABI_VERSION stays
 * the same. A program that was built with an older header of the same ABI version runs unchanged.
 * ========================================================================================== */

/** Version of this header: major. Below 1, a new minor version may change the interface. */
#define TTS_VERSION_MAJOR 0

/** Version of this header: minor. */
#define TTS_VERSION_MINOR 1

/** Version of this header: patch. */
#define TTS_VERSION_PATCH 0

/** Version of the binary interface that this header describes. */
#define TTS_ABI_VERSION 1

/**
 * The version of the library that is loaded, such as "0.1.0". The text lives as long as the library.
 *
 * Threads: any. Errors: none. Since 0.1.
 */
TTS_API const char *tts_version(void);

/**
 * The version of the binary interface of the library that is loaded. Compare it with TTS_ABI_VERSION
 * after loading the library by hand.
 *
 * Threads: any. Errors: none. Since 0.1.
 */
TTS_API uint32_t tts_abi_version(void);

/* ========================================================================================== *
 * Status codes and messages
 *
 * 0 is success, above 0 is success with something to say, below 0 is an error. The numbers never change
 * their meaning; later versions may add some, so treat an unknown negative one as an error.
 * ========================================================================================== */

/** What a function has to say: one of TTS_OK and the constants beside it. */
typedef int32_t tts_status;

/** Done. */
#define TTS_OK 0

/** An argument is NULL that must not be. */
#define TTS_ERROR_NULL -101

/** A handle that is not one: never made, already destroyed, or of another kind. */
#define TTS_ERROR_HANDLE -102

/** A value is outside its range, or not a number. */
#define TTS_ERROR_ARGUMENT -103

/** A struct_size that no header of this library has had: initialise the struct first. */
#define TTS_ERROR_STRUCT_SIZE -104

/** A text is not UTF-8. */
#define TTS_ERROR_UTF8 -105

/** The voice file cannot be read. */
#define TTS_ERROR_VOICE_READ -201

/** The voice file can be read, but is no voice: damaged, of another format, or contradicting itself. */
#define TTS_ERROR_VOICE_FORMAT -202

/** There is nothing to speak in the text. */
#define TTS_ERROR_NOTHING_TO_SPEAK -301

/** A lexicon entry cannot be read. */
#define TTS_ERROR_LEXICON -302

/** The device is not there, or does not work. */
#define TTS_ERROR_DEVICE -401

/** The engine that the handle belongs to has been destroyed. */
#define TTS_ERROR_ENGINE_GONE -402

/** A mistake of this library; please report the message. The object can only be destroyed. */
#define TTS_ERROR_INTERNAL -901

/**
 * A short English text for a status, also for one that this version does not know. It lives as long as
 * the library.
 *
 * Threads: any. Errors: none. Since 0.1.
 */
TTS_API const char *tts_status_string(tts_status status);

/**
 * What went wrong in the last call on this thread that returned an error, in English, with the values
 * concerned. Never NULL; empty if nothing went wrong so far. Calls that succeed leave it alone.
 *
 * Ownership: the library's; the text changes with the next error on this thread. Threads: any, each
 * has its own. Errors: none. Since 0.1.
 */
TTS_API const char *tts_last_error(void);

/* ========================================================================================== *
 * Engines
 *
 * An engine is a device and the threads that compute on it. A program needs one.
 * ========================================================================================== */

/** An engine. Made by tts_engine_create, ended by tts_engine_destroy. */
typedef struct tts_engine tts_engine;

/** A kind of device: one of the constants TTS_DEVICE_*. */
typedef int32_t tts_device;

/** How an engine is made. Initialise it with tts_engine_config_init, then change what you like. */
typedef struct tts_engine_config {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** Which device. Default TTS_DEVICE_AUTO. */
    tts_device device;
    /** Threads that compute; 0, the default, is one for each processor that the process may use. */
    uint32_t threads;
    /** Must be 0. */
    uint32_t reserved;
} tts_engine_config;

/** The best one that works. */
#define TTS_DEVICE_AUTO 0

/** The processor. */
#define TTS_DEVICE_CPU 1

/** A graphics processor. */
#define TTS_DEVICE_GPU 2

/**
 * Fills a config with the defaults. `size` is sizeof(tts_engine_config).
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE. Since 0.1.
 */
TTS_API tts_status tts_engine_config_init(tts_engine_config *config, size_t size);

/**
 * Opens a device and starts its threads. `config` may be NULL, which means all defaults.
 *
 * Ownership: the engine is yours; end it with tts_engine_destroy. Threads: any. Errors:
 * TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT, TTS_ERROR_DEVICE. Since 0.1.
 */
TTS_API tts_status tts_engine_create(const tts_engine_config *config, tts_engine **out_engine);

/**
 * Ends an engine and its threads. Calls that still use it are waited for. Voices that were opened on it
 * must still be destroyed, before or after. NULL is allowed and does nothing.
 *
 * Threads: any, but never from a callback of this library. Errors: TTS_ERROR_HANDLE. Since 0.1.
 */
TTS_API tts_status tts_engine_destroy(tts_engine *engine);

/* ========================================================================================== *
 * Voices
 *
 * A voice is the weights of both networks and what the voice file says about them, loaded on an engine. It
 * never changes, and any number of threads may speak with it at once.
 * ========================================================================================== */

/** A voice. Made by one of the functions tts_voice_open_*, ended by tts_voice_destroy. */
typedef struct tts_voice tts_voice;

/**
 * Opens a voice file. `path` is UTF-8 on every system, and ends in NUL.
 *
 * Ownership: the voice is yours; end it with tts_voice_destroy. Threads: any; the call takes as long as
 * the file takes to load. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE, TTS_ERROR_UTF8,
 * TTS_ERROR_VOICE_READ, TTS_ERROR_VOICE_FORMAT. Since 0.1.
 */
TTS_API tts_status tts_voice_open_path(tts_engine *engine, const char *path, tts_voice **out_voice);

/**
 * Opens a voice from the bytes of a voice file in memory, which may be freed after the call.
 *
 * Ownership, threads and errors: as tts_voice_open_path. Since 0.1.
 */
TTS_API tts_status tts_voice_open_memory_copied(tts_engine *engine, const void *data, size_t size, tts_voice **out_voice);

/**
 * Opens a voice from the bytes of a voice file in memory, which must stay where they are, unchanged, until
 * the voice has been destroyed. This version reads them during the call alone; a later one may keep them
 * instead of a copy.
 *
 * Ownership, threads and errors: as tts_voice_open_path. Since 0.1.
 */
TTS_API tts_status tts_voice_open_memory_borrowed(tts_engine *engine, const void *data, size_t size, tts_voice **out_voice);

/**
 * Samples per second that the voice speaks with, before any change of rate.
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_HANDLE. Since 0.1.
 */
TTS_API tts_status tts_voice_sample_rate(const tts_voice *voice, uint32_t *out_rate);

/**
 * Ends a voice. Calls that still use it are waited for. NULL is allowed and does nothing.
 *
 * Threads: any, but never from a callback of this library. Errors: TTS_ERROR_HANDLE. Since 0.1.
 */
TTS_API tts_status tts_voice_destroy(tts_voice *voice);

/* ========================================================================================== *
 * Utterances
 *
 * How a text is spoken.
 * ========================================================================================== */

/**
 * Flag of an utterance: the dropout of Tacotron 2's prenet is off. Speech is then the same for every
 * seed up to the vocoder, but often loses its place; it is meant for tests.
 */
#define TTS_UTTERANCE_NO_DROPOUT 1

/** How a sample is stored: one of the constants TTS_FORMAT_*. */
typedef int32_t tts_format;

/** How a text is spoken. Initialise it with tts_utterance_config_init, then change what you like. */
typedef struct tts_utterance_config {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** How samples are stored. Default TTS_FORMAT_F32. */
    tts_format format;
    /** The same seed gives the same audio. Default 0. */
    uint64_t seed;
    /** Standard deviation of the vocoder's noise, 0 to 10; -1, the default, is the voice's own. */
    float sigma;
    /** Strength of the denoiser, 0 (off) to 100; -1, the default, is the voice's own. */
    float denoise;
    /** Probability above which a sentence is over, between 0 and 1; -1, the default, is the voice's own. */
    float gate_threshold;
    /** Tempo, 0.25 to 4, at the same pitch. Default 1. */
    float speed;
    /** Pitch, 0.5 to 2, at the same tempo; speed / pitch must be from 0.25 to 4. Default 1. */
    float pitch;
    /** Factor of loudness, 0 to 100. Default 1. */
    float gain;
    /** Silence between two sentences in seconds, 0 to 5. Default 0.2. */
    float sentence_pause;
    /** Samples per second of the output, 4000 to 384000; 0, the default, is the voice's own rate. */
    uint32_t sample_rate;
    /** Decoder steps after which a sentence is cut off; 0, the default, is the voice's own limit. */
    uint32_t max_steps;
    /** TTS_UTTERANCE_* flags. Default 0. */
    uint32_t flags;
    /**
     * Words and how to say them, one a line: "tacoglow T AA1 K OW0 G L OW2" (ARPAbet) or "SQL = sequel".
     * Ends in NUL; read during the call alone. NULL, the default, is none.
     */
    const char *lexicon;
} tts_utterance_config;

/** 32-bit float; full scale is -1 to 1, and louder is possible. */
#define TTS_FORMAT_F32 0

/** 16-bit signed integer, clipped at full scale. */
#define TTS_FORMAT_S16 1

/**
 * Fills a config with the defaults. `size` is sizeof(tts_utterance_config).
 *
 * Threads: any. Errors: TTS_ERROR_NULL, TTS_ERROR_STRUCT_SIZE. Since 0.1.
 */
TTS_API tts_status tts_utterance_config_init(tts_utterance_config *config, size_t size);

/* ========================================================================================== *
 * Whole utterances in memory
 *
 * The simplest way to speak: a text goes in, all of its sound comes out.
 * ========================================================================================== */

/** Sound in memory, mono. Set struct_size to sizeof(tts_audio) before the call that fills it. */
typedef struct tts_audio {
    /** Size of this struct as the program knows it. */
    uint32_t struct_size;
    /** Samples per second. */
    uint32_t sample_rate;
    /** Number of samples. */
    uint64_t count;
    /** The samples if the format is TTS_FORMAT_F32, else NULL. */
    const float *f32;
    /** The samples if the format is TTS_FORMAT_S16, else NULL. */
    const int16_t *s16;
} tts_audio;

/**
 * Speaks a text, which ends in NUL, and returns when all of it has been spoken. `config` may be NULL,
 * which means all defaults.
 *
 * Ownership: the samples are the library's until you give them back with tts_audio_free; the voice may be
 * destroyed before that. Threads: any, and several may speak at once. Errors: TTS_ERROR_NULL,
 * TTS_ERROR_HANDLE, TTS_ERROR_STRUCT_SIZE, TTS_ERROR_ARGUMENT, TTS_ERROR_UTF8,
 * TTS_ERROR_NOTHING_TO_SPEAK, TTS_ERROR_LEXICON. Since 0.1.
 */
TTS_API tts_status tts_voice_speak(const tts_voice *voice, const char *text, const tts_utterance_config *config, tts_audio *out_audio);

/** As tts_voice_speak, for a text of `text_size` bytes that need not end in NUL. Since 0.1. */
TTS_API tts_status tts_voice_speak_n(const tts_voice *voice, const char *text, size_t text_size, const tts_utterance_config *config, tts_audio *out_audio);

/**
 * Gives samples back and empties the struct, so that a second call does nothing. NULL is allowed and does
 * nothing.
 *
 * Threads: any. Errors: TTS_ERROR_STRUCT_SIZE, TTS_ERROR_HANDLE for samples that are not the library's
 * or were given back before. Since 0.1.
 */
TTS_API tts_status tts_audio_free(tts_audio *audio);

#ifdef __cplusplus
}
#endif

#endif /* TTS_H */
