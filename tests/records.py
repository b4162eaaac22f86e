"""A record to vary."""

from dataclasses import replace

from semjscc.results.records import Record

RECORD = Record(
    link="semantic",
    codec="adaptive",
    data="signs",
    channel="awgn",
    snr_db=10.0,
    assumed_snr_db=None,
    ratio="1/24",
    ratio_measured=1 / 24,
    channel_uses=512,
    control_bits=54,
    payload_bits=None,
    images=1000,
    draws=1,
    seed=0,
    split="val",
    delivered=1.0,
    metric="accuracy",
    value=0.873,
    ci_low=0.853,
    ci_high=0.893,
    psnr_db=21.254,
    ssim=0.71,
    perception="resnet",
    exact=0,
)

NO_CHANNEL = replace(
    RECORD,
    link="none",
    codec=None,
    channel="none",
    snr_db=None,
    ratio=None,
    ratio_measured=None,
    channel_uses=0,
    control_bits=0,
    value=1.0,
    ci_low=0.996,
    ci_high=1.0,
    psnr_db=None,
    ssim=1.0,
    exact=1000,
)
