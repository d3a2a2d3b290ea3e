/**
 * @mainpage tts.h
 *
 * Tacoglow, neural text-to-speech: Tacotron 2 and WaveGlow.
 *
 * A complete program, which speaks a sentence into a file of raw 32-bit floats:
 *
 * @code{.c}
 *   #include <stdio.h>
 *   #include "tts.h"
 *
 *   int main(int argc, char **argv)
 *   {
 *       tts_engine *engine = NULL;
 *       tts_voice *voice = NULL;
 *       tts_audio audio = { sizeof(tts_audio), 0, 0, NULL, NULL };
 *       FILE *file = argc == 3 ? fopen(argv[2], "wb") : NULL;
 *       size_t spoken = 0;
 *
 *       if (file == NULL || tts_engine_create(NULL, &engine) < 0
 *           || tts_voice_open_path(engine, argv[1], &voice) < 0
 *           || tts_voice_speak(voice, "Hello world.", NULL, &audio) < 0)
 *           fprintf(stderr, "not spoken: %s\n", tts_last_error());
 *       else
 *           spoken = fwrite(audio.f32, sizeof(float), (size_t)audio.count, file);
 *       tts_audio_free(&audio);
 *       tts_voice_destroy(voice);
 *       tts_engine_destroy(engine);
 *       return spoken > 0 && fclose(file) == 0 ? 0 : 1;
 *   }
 * @endcode
 *
 * Build it with "cc hello.c -ltts", and run it with a voice file and the name of a file to write. To hear
 * that: "aplay -r 22050 -f FLOAT_LE FILE", or "ffplay -ar 22050 -f f32le FILE".
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
 * - Audio callbacks. tts_utterance_read, tts_utterance_read_s16 and tts_utterance_cancel never wait, lock,
 *   allocate or enter the system, whatever they are given. The other functions may: call them elsewhere.
 * - Texts are UTF-8. A function whose name ends in _n takes a length in bytes; elsewhere texts end in NUL.
 * - Structs that you fill begin with struct_size. Their init function sets it and all defaults, so that a
 *   program goes on working when a later version adds members at the end.
 * - Memory. What the library allocates, the library frees. Pointers that it gives live as long as the
 *   function says.
 * - No memory is TTS_ERROR_OUT_OF_MEMORY for whatever opens, starts or speaks, and the objects there are can be
 *   used again when there is some. RELIABILITY.md says how far that goes.
 * - Fork. A child process may destroy what its parent made, which frees nothing, and make engines of its own; what
 *   needs the threads of its parent's engines gives TTS_ERROR_FORKED.
 * - Unloading. Destroy the engines before; if that is forgotten, on Linux and Android no harm is done, since the code
 *   stays where it is.
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
