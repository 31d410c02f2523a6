import agora, {module}

serve({module}.load, {module}.apply)
