/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The MESSAGE_IDs of everything fcjail tells the journal. They are an interface: docs/fcjail.catalog
 * explains each (journalctl -x), programs match on them. A number is never used again for something else.
 */

#define MESSAGE_PATHS              "5c5475063a1a44bb832344e91dfbc0f2"
#define MESSAGE_STATE              "d91a18f89481416095eeed7a2384c442"
#define MESSAGE_UID                "17a24743d17042b48480637ece3a9d22"
#define MESSAGE_IMAGES             "cf3738cc01d04c6f9304f2c0edcfb394"
#define MESSAGE_TREE               "3d8264cc8d1d4d6eb054ec7382aa55e4"
#define MESSAGE_CLONE              "ee966ab49c27496c9bf536f1a5439d15"
#define MESSAGE_SOCK               "a43bf419b5064c919ddae909f6818f21"
#define MESSAGE_COPY               "83cdfe3bba7147f589f1f6b423bd98c8"
#define MESSAGE_NETNS              "6516a1cacd874a0f94323d46e3cf2ae7"
#define MESSAGE_TAP                "fdf6d4e92a5a43cfa4e3a48e45f1a02a"
#define MESSAGE_FILES              "c469dae62bc9498fac355bb064bd5b50"
#define MESSAGE_GROUP              "df719cc699504257aa980da180008864"
#define MESSAGE_LABEL              "55a876944b384b82b295c57a72632c70"
#define MESSAGE_MOUNTS             "ea10351cbef6474ba8436db29f99b0d9"
#define MESSAGE_NODES              "8aa4396a043240f2879ea5f482e7d023"
#define MESSAGE_ROOT               "1aff2a89a1684925ba6fcd4444557f69"
#define MESSAGE_DROP               "1971fddf8c074bd288c37fc7d9a97312"
#define MESSAGE_AUDIT              "90d2e76412a84c8c9e04a5d55417005e"
#define MESSAGE_SECCOMP            "31022d73600148b58d6db29de00be557"
#define MESSAGE_EXEC               "baebf27d49ce4f8696203ac91b09094f"
#define MESSAGE_LAUNCH             "539ffeaebc2646258dd9cab5a990d0e6"
#define MESSAGE_READY              "fa3c98a977b940efb928b432a59376b6"
#define MESSAGE_STARTED            "b09c938b74f04056a901bf901bf76215"
#define MESSAGE_CLEANUP_FAILED     "0384f4f0deec4d9eb8e5035c3b858355"
#define MESSAGE_KEPT               "c65eaed2f076491e96a16858f9f80b9f"
#define MESSAGE_STOPPED            "c17336a7b0874c81bf8caa86a186b32c"
#define MESSAGE_CONFIG_SYNTAX      "8d6a7dd0850249e1b716f83ea794da16"
#define MESSAGE_CONFIG_UNKNOWN_KEY "12748a64a77b44cf926ccaada18fc9e5"
#define MESSAGE_CONFIG_DUPLICATE   "f20864965a8a449bb196e5a56beed5d1"
#define MESSAGE_CONFIG_VALUE       "02aa42569fad4036a75519cbb52d6c99"
#define MESSAGE_CONFIG_UNSAFE_FILE "c3bfce04f69d40e4aaff638155fdf9f2"
#define MESSAGE_CONFIG_UNKNOWN_ID  "c9ec206b7df543c9a3dda3b8fa08b038"
#define MESSAGE_CONFIG_CONFLICT    "2b4da3f66e224cf39547e2e345fab63a"
#define MESSAGE_PRIVILEGE          "723b47888bf14e60b96cb043c967b7fe"
#define MESSAGE_RECORD_UNKNOWN     "4399e257a54a47e586fdb0eb1d2ac8ca"
#define MESSAGE_RECORD_MISSING     "392d447b169446d481259a195cee6cf8"
