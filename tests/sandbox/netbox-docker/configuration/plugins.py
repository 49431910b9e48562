# Plugins to load and their settings. For example:
# PLUGINS = ["netbox_example"]

# PLUGINS_CONFIG = {
#     "netbox_example": {
#         "greeting": "good morning",
#     },
# }
