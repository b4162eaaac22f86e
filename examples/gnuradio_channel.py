"""Pass IQ samples through GNU Radio's channel model: an independent judge of the modem.

Runs with the Python that GNU Radio is installed for (on Debian: apt install gnuradio), and needs
nothing of semjscc:

    /usr/bin/python3 examples/gnuradio_channel.py tx.cf32 rx.cf32 --rate 2e6 --snr 5 --cfo 32219 \
        --sro 10 --taps 0.9 0 0.3j

GNU Radio resamples first, then comes multipath, then the carrier offset, then the noise.
"""

import argparse
import math


def main() -> None:
    """Read a .cf32 file, write another."""
    parser = argparse.ArgumentParser(description="GNU Radio's channel model on a .cf32 file")
    parser.add_argument("input", help="complex float32 samples")
    parser.add_argument("output", help="the same after the channel")
    parser.add_argument("--rate", type=float, required=True, help="samples a second")
    parser.add_argument("--snr", type=float, help="SNR of a sample in dB, for a signal of power 1")
    parser.add_argument("--cfo", type=float, default=0.0, help="carrier frequency offset in Hz")
    parser.add_argument("--sro", type=float, default=0.0, help="sender's clock ahead, in ppm")
    parser.add_argument("--taps", type=complex, nargs="+", default=[1.0], help="one a sample")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    from gnuradio import blocks, channels, gr  # pyright: ignore[reportMissingImports]

    # noise_voltage² is N0: GNU Radio puts half of it on each axis.
    voltage = 0.0 if arguments.snr is None else math.sqrt(10 ** (-arguments.snr / 10))
    flow = gr.top_block()
    flow.connect(
        blocks.file_source(gr.sizeof_gr_complex, arguments.input, False),
        channels.channel_model(
            noise_voltage=voltage,
            frequency_offset=arguments.cfo / arguments.rate,
            epsilon=1 + arguments.sro * 1e-6,
            taps=[complex(tap) for tap in arguments.taps],
            noise_seed=arguments.seed,
            block_tags=False,
        ),
        blocks.file_sink(gr.sizeof_gr_complex, arguments.output, False),
    )
    flow.run()


if __name__ == "__main__":
    main()
