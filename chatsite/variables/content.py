"""What people write: bounds, and how long what is kept, exported and imported."""

from pathlib import Path

from chatsite.variables.variable import Variable

VARIABLES = (
    Variable(
        "CHATSITE_PROMPT_CHARS",
        int,
        32_000,
        "Longest message a person may send, in characters, where no policy says.",
        least=1,
    ),
    Variable(
        "CHATSITE_REPLIES_AT_ONCE",
        int,
        4,
        "Replies one person may have in writing at once, where no policy says; more wait their turn.",
        least=1,
    ),
    Variable("CHATSITE_REPLY_TOKENS", int, 1024, "Longest reply, in tokens, where no policy says.", least=1),
    Variable(
        "CHATSITE_TRASH_DAYS",
        int,
        30,
        "Days after which a conversation in the trash is deleted for ever. 0: when its owner says so.",
    ),
    Variable("CHATSITE_IMPORT_MB", int, 512, "Largest file that may be imported, in MB.", least=1),
    Variable(
        "CHATSITE_IMPORT_UNPACKED_MB",
        int,
        4096,
        "Most that is read of an imported zip archive, unpacked, in MB.",
        least=1,
    ),
    Variable(
        "CHATSITE_IMPORT_CONVERSATION_MB",
        int,
        16,
        "Largest conversation that is imported, as JSON, in MB; larger ones are skipped. One is in memory at a time.",
        least=1,
    ),
    Variable("CHATSITE_IMPORT_CONVERSATIONS", int, 200_000, "Most conversations that are read of one file.", least=1),
    Variable(
        "CHATSITE_IMPORT_MESSAGES",
        int,
        10_000,
        "Most messages of an imported conversation; longer ones are skipped.",
        least=1,
    ),
    Variable(
        "CHATSITE_LEAVING_DAYS",
        int,
        14,
        "Days after which an account is deleted whose person asked for it; signing in meanwhile keeps it. 0: at once.",
    ),
    Variable("CHATSITE_COPY_HOURS", int, 72, "Hours for which a copy of one's own data can be downloaded.", least=1),
    Variable(
        "CHATSITE_BACKUP_DIR",
        Path,
        None,
        "Folder of backups. One on another disk survives this one.",
        shown_default="backups/ in the data folder",
    ),
    Variable("CHATSITE_BACKUP_HOURS", int, 0, "Hours after which the next backup is made by itself. 0: never."),
    Variable("CHATSITE_BACKUPS_KEPT", int, 7, "Backups kept in a folder; older ones are removed.", least=1),
    Variable(
        "CHATSITE_BACKUP_PASSPHRASE_FILE",
        Path,
        None,
        "File with the passphrase under which backups hold the secret key. Empty: they hold none.",
        shown_default="empty",
    ),
    Variable(
        "CHATSITE_TITLES",
        bool,
        True,
        "The model gives a conversation its title after the first reply, in slots that no reply needs.",
    ),
    Variable(
        "CHATSITE_ADMINS_READ",
        bool,
        False,
        "Administrators may read people's conversations, each time with a reason, which the audit log keeps.",
    ),
    Variable(
        "CHATSITE_EXPORT_DAYS",
        int,
        7,
        "Days after which what an export made is deleted; it can be made again.",
        least=1,
    ),
    Variable(
        "CHATSITE_EXPORTS_TO",
        str,
        "",
        "Where scheduled exports are put as well: a folder (/srv/exports) or a bucket (s3://bucket/folder). Empty: "
        "nowhere else.",
    ),
    Variable("CHATSITE_EXPORTS_S3_ENDPOINT", str, "", "Address of an S3-compatible server. Empty: Amazon's own."),
    Variable("CHATSITE_EXPORTS_S3_KEY", str, "", "Access key of the bucket. Empty: as Amazon's own tools find one."),
    Variable("CHATSITE_EXPORTS_S3_SECRET", str, "", "The secret of that key."),
    Variable(
        "CHATSITE_PHONE_REGIONS",
        list,
        ["CN", "US"],
        "Countries (two letters) whose phone numbers are taken out of exports as they are written there; with + and a "
        "country's code they are found wherever they are from.",
    ),
)
